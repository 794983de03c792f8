"""A number format per variable, chosen by hand or from ranges and resolutions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sc_neurocore.compiler._format import MAX_WIDTH, QFormat, fitting
from sc_neurocore.compiler.quantization._block_format import BlockFloatingMode
from sc_neurocore.dynamics import require_finite, require_positive, suggest
from sc_neurocore.exceptions import BitwidthMismatchError, SCConfigError

DEFAULT_RESOLUTION = 0.01
PrecisionFormat = QFormat | BlockFloatingMode


def parse_precision_format(fmt: str | PrecisionFormat) -> PrecisionFormat:
    """The format of a label such as ``Q8.8``, ``UQ4.12``, ``BFP16E3`` or ``BFP16E3X64``.

    Raises:
        SCConfigError: the text is no label.
    """
    if isinstance(fmt, (QFormat, BlockFloatingMode)):
        return fmt
    text = str(fmt).strip()
    if text.upper().startswith("BFP"):
        return BlockFloatingMode.from_aliases(text)
    if text.upper().lstrip("U").startswith("Q"):
        return QFormat.from_string(text)
    raise SCConfigError(
        f"format '{text[:40]}' is unknown; write for example Q8.8, UQ8.8 or BFP16E3X32"
    )


@dataclass(frozen=True)
class MixedPrecisionSpec:
    """A number format for each variable.

    Attributes:
        formats: format of each variable, in order.
    """

    formats: Mapping[str, PrecisionFormat]

    @classmethod
    def from_labels(cls, labels: Mapping[str, str | PrecisionFormat]) -> MixedPrecisionSpec:
        """Read a label per variable.

        Raises:
            SCConfigError: a label is unknown; its variable is named.
        """
        found = {}
        for name, label in labels.items():
            try:
                found[name] = parse_precision_format(label)
            except SCConfigError as error:
                raise SCConfigError(f"'{name}': {error}") from None
        return cls(found)

    @property
    def total_bits(self) -> int:
        """Bits of all variables together (of a block format, its mantissa)."""
        return sum(_bits(fmt) for fmt in self.formats.values())

    @property
    def variables(self) -> tuple[str, ...]:
        """Names."""
        return tuple(self.formats)

    def get(self, var: str) -> PrecisionFormat:
        """The format of a variable.

        Raises:
            SCConfigError: there is no such variable.
        """
        if var not in self.formats:
            raise SCConfigError(f"'{var}' has no format{suggest(var, self.formats)}")
        return self.formats[var]

    def summary(self) -> str:
        """One line: ``v Q8.8, u Q4.12; 32 bits``."""
        each = ", ".join(f"{name} {fmt}" for name, fmt in self.formats.items())
        return f"{each}; {self.total_bits} bits"

    def manifest(self) -> dict[str, Any]:
        """The formats as JSON data."""
        return {
            "total_bits": self.total_bits,
            "variables": {
                name: {"format": str(fmt), "bits": _bits(fmt), "resolution": fmt.resolution}
                for name, fmt in self.formats.items()
            },
        }


def solve_precision(
    bounds: Mapping[str, tuple[float, float]],
    min_resolution: Mapping[str, float] | None = None,
    max_total_bits: int | None = None,
    signed: bool = True,
    align_to: int = 1,
) -> MixedPrecisionSpec:
    """The narrowest format per variable that holds its range at its resolution.

    Args:
        bounds: lowest and highest value of each variable.
        min_resolution: coarsest step allowed of each variable, 0.01 where not given.
        max_total_bits: most bits of all variables together.
        signed: two's complement formats.
        align_to: widths are multiples of this; the bits left over make the step finer.

    Raises:
        SCConfigError: bounds, resolutions or options are not valid.
        BitwidthMismatchError: no format of 60 bits holds a variable, or ``max_total_bits`` is too
            few. Resolutions are never lowered to fit; the message says what would.
    """
    resolutions = _resolutions(bounds, min_resolution or {})
    if isinstance(align_to, bool) or not isinstance(align_to, int) or not 1 <= align_to <= 32:
        raise SCConfigError(f"align_to is {align_to!r}; allowed: 1 to 32")
    formats: dict[str, QFormat] = {}
    for name, pair in bounds.items():
        low, high = (require_finite(f"bound of '{name}'", x) for x in pair)
        if low > high:
            raise SCConfigError(f"bounds of '{name}' are {low:g} to {high:g}; lower end first")
        if low < 0 and not signed:
            raise SCConfigError(
                f"'{name}' goes down to {low:g}, which no unsigned format holds; use signed=True"
            )
        formats[name] = _narrowest(name, low, high, resolutions[name], signed, align_to)
    spec = MixedPrecisionSpec(formats)
    if max_total_bits is not None and spec.total_bits > max_total_bits:
        raise BitwidthMismatchError(
            f"ranges and resolutions need {spec.total_bits} bits ({spec.summary()}), more than "
            f"max_total_bits = {max_total_bits}; "
            f"{_remedy(bounds, resolutions, max_total_bits, signed, align_to)}"
        )
    return spec


def _remedy(
    bounds: Mapping[str, tuple[float, float]],
    resolutions: Mapping[str, float],
    most: int,
    signed: bool,
    align_to: int,
) -> str:
    """How much coarser all steps must be to fit."""
    for times in range(1, MAX_WIDTH):
        total = sum(
            _narrowest(name, *bounds[name], step * 2.0**times, signed, align_to).width
            for name, step in resolutions.items()
        )
        if total <= most:
            return f"allow that many, or steps {2**times} times as coarse ({total} bits)"
    return "no resolution makes them fit"


def _resolutions(
    bounds: Mapping[str, tuple[float, float]], given: Mapping[str, float]
) -> dict[str, float]:
    if not bounds:
        raise SCConfigError("bounds are empty; give the range of at least one variable")
    for name in given:
        if name not in bounds:
            raise SCConfigError(f"min_resolution names '{name}'{suggest(name, bounds)}")
    return {
        name: require_positive(f"min_resolution of '{name}'", given.get(name, DEFAULT_RESOLUTION))
        for name in bounds
    }


def _narrowest(
    name: str, low: float, high: float, resolution: float, signed: bool, align_to: int
) -> QFormat:
    fraction = -math.floor(math.log2(resolution))
    while Fraction(2) ** -(fraction - 1) <= Fraction(resolution):
        fraction -= 1
    while Fraction(2) ** -fraction > Fraction(resolution):
        fraction += 1
    try:
        fmt = fitting(low, high, fraction, signed=signed)
        spare = -fmt.width % align_to
        while True:
            # Finer codes may round an end of the range up to one more bit.
            fmt = QFormat(fmt.width + spare, fmt.fraction + spare, signed)
            if fmt.holds(low, high):
                return fmt
            fmt, spare = QFormat(fmt.width + align_to, fmt.fraction, signed), 0
    except SCConfigError:
        raise BitwidthMismatchError(
            f"'{name}' over [{low:g}, {high:g}] in steps of {resolution:g} needs more than "
            f"{MAX_WIDTH} bits; allow coarser steps or a narrower range"
        ) from None


def _bits(fmt: PrecisionFormat) -> int:
    return fmt.width if isinstance(fmt, QFormat) else fmt.mantissa_bits
