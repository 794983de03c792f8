"""Which fixed-point datapath a label such as ``Q8.8`` or ``BFP16E3X32`` stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sc_neurocore.compiler._format import QFormat
from sc_neurocore.compiler.quantization import BlockFloatingMode, parse_precision_format
from sc_neurocore.exceptions import SCConfigError


@dataclass(frozen=True)
class EmittedPrecision:
    """One of the two precisions.

    Attributes:
        label: as asked for, such as ``Q8.8`` or ``BFP16E3X32``.
        format: fixed-point format of the emitted datapath. For block floating point that is the
            format of the mantissa's width that holds every number of the mode: the datapath has
            no exponents, they belong to parameters that a host stores.
        mode: the block floating-point mode, ``None`` for a fixed-point label.
        parameter_count: numbers whose exponents are laid out.
    """

    label: str
    format: QFormat
    mode: BlockFloatingMode | None = None
    parameter_count: int = 0

    def manifest(self) -> dict[str, Any]:
        """The precision as JSON data; the exponent widths of fixed point are 0."""
        layout = self.mode and self.mode.block_exponent_layout(self.parameter_count)
        return {
            "precision": self.label,
            "kind": "block_floating" if self.mode else "fixed_point",
            "emitted_datapath": "fixed_point",
            "emitted_datapath_width": self.format.width,
            "emitted_datapath_fraction": self.format.fraction,
            "exponent_stream_width": layout.exponent_bits if layout else 0,
            "exponent_vector_width": layout.exponent_vector_width if layout else 0,
            "block_exponent_layout": layout.manifest() if layout else None,
        }


def emitted_precision(
    which: str,
    label: str | None,
    width: int | None,
    fraction: int | None,
    parameter_count: int | None,
    parameters: int,
    default: tuple[int, int],
) -> EmittedPrecision:
    """What the arguments of one precision (``lp`` or ``hp``) ask for.

    Raises:
        SCConfigError: the label is unknown, or the arguments contradict each other.
    """
    if label is None:
        fmt = QFormat(default[0] if width is None else width,
                      default[1] if fraction is None else fraction)  # fmt: skip
        found = EmittedPrecision(str(fmt), fmt)
    else:
        parsed = parse_precision_format(label)
        if isinstance(parsed, BlockFloatingMode):
            fmt = QFormat(parsed.mantissa_bits, parsed.emit_fraction)
            number = parameters if parameter_count is None else parameter_count
            parsed.block_exponent_layout(number)
            found = EmittedPrecision(parsed.label, fmt, parsed, number)
        else:
            found = EmittedPrecision(str(parsed), parsed)
        for what, given, own in (
            ("width", width, found.format.width), ("frac", fraction, found.format.fraction),
        ):  # fmt: skip
            if given is not None and given != own:
                raise SCConfigError(
                    f"{which}_{what} is {given}, but {which}_precision '{label}' has {own}; "
                    "give one of them"
                )
    if found.mode is None and parameter_count is not None:
        raise SCConfigError(
            f"{which}_parameter_count goes with block floating point; {found.label} has no shared "
            "exponents"
        )
    return found
