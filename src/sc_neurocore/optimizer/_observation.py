"""One measured design point: what was chosen for a layer, and what tools then measured of it."""

from __future__ import annotations

import math
import operator
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from sc_neurocore.exceptions import SCConfigError

LutUnit = Literal["lut4", "lut6", "lc", "alut", "alm"]
"""What a count of LUTs counts. ``lc``: a logic cell or element, that is a LUT4 and its flip-flop,
either of which may be idle; ``alut`` and ``alm``: Intel's adaptive LUT, and the pair of them."""

PowerSource = Literal["board", "vendor estimate"]
"""Where a power comes from: a meter on the board, or the vendor's tool, which estimates it."""

LUT_UNITS: tuple[LutUnit, ...] = get_args(LutUnit)


class ObservationLoadError(SCConfigError):
    """Evidence that cannot be trusted: missing, malformed, or in contradiction with itself."""


@dataclass(frozen=True, kw_only=True)
class BenchmarkObservation:
    """One layer's configuration, and what was measured of it.

    Only what tools and instruments said belongs here, never the answer of our models.

    Attributes:
        mac_count: multiply-accumulates of the layer, at least 1.
        bitstream_length: clocks of a stream, at least 1.
        decorrelator: name of the decorrelator.
        precision_bits: width of the weights, at least 1.
        polynomial: feedback polynomial of the LFSR in one of two spellings,
            ``x^16+x^14+x^13+x^11+1`` or ``0xb400``; a number is taken for the second.
        luts_used: LUTs, counted in `lut_unit`.
        power_mw: whole power in mW; `power_source` says how it is known.
        latency_cycles: clocks of one run.
        accuracy_score: 0 to 1: 1 less the rms error of the layer's mean of products, each from
            -1 to 1. The share of a network's right answers is another scale.
        layer_id: name of the layer; empty if not given.
        target: name of the target that it was measured for; empty if not given.
        lut_unit: one of `LUT_UNITS`; empty if not known.
        ffs: flip-flops. None, here and below: not measured.
        brams: block RAMs; of AMD's tiles of 36 kbit, the halves.
        dsps: multiplier blocks.
        power_source: ``board`` for a meter, ``vendor estimate`` for a report of a vendor's tool,
            which is an estimate of unknown error and never called measured; empty if not known.
        dynamic_mw: the part of `power_mw` that switching takes, in mW.
        fmax_mhz: highest clock in MHz.
        clock_mhz: clock at which the run takes `latency_cycles` and draws `power_mw`, in MHz.
        inferences_per_run: inferences in a run, at least 1.
        source: where it was read, for messages; not compared.
        word: always ``measured``; of an estimated power `power_source` says so.

    Raises:
        SCConfigError: a field breaks its rule; the message begins with the field's name.
    """

    mac_count: int
    bitstream_length: int
    decorrelator: str
    precision_bits: int
    polynomial: str
    luts_used: int
    power_mw: float
    latency_cycles: int
    accuracy_score: float
    layer_id: str = ""
    target: str = ""
    lut_unit: LutUnit | Literal[""] = ""
    ffs: int | None = None
    brams: int | None = None
    dsps: int | None = None
    power_source: PowerSource | Literal[""] = ""
    dynamic_mw: float | None = None
    fmax_mhz: float | None = None
    clock_mhz: float | None = None
    inferences_per_run: int | None = None
    source: str = field(default="", compare=False)
    word: Literal["measured"] = "measured"

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value is None and entry.default is None:
                continue
            object.__setattr__(self, entry.name, checked_field(entry.name, value))
        if self.dynamic_mw is not None and self.dynamic_mw > self.power_mw:
            raise SCConfigError(
                f"dynamic_mw is {self.dynamic_mw:g}, more than the whole power_mw, "
                f"{self.power_mw:g}"
            )


def require_one_lut_unit(observations: Iterable[BenchmarkObservation], lut_unit: str = "") -> str:
    """The one unit in which observations count LUTs.

    Args:
        observations: those that are to be compared.
        lut_unit: the unit of what they are to be compared with; empty if not known.

    Returns:
        The unit; empty if nothing says it.

    Raises:
        SCConfigError: two different units; the message names both sources.
    """
    known, first = lut_unit, "the target"
    for i, observation in enumerate(observations):
        if not observation.lut_unit:
            continue
        name = observation.source or f"observation {i}"
        if known and observation.lut_unit != known:
            raise SCConfigError(
                f"{name} counts {UNIT_NAMES[observation.lut_unit]} but {first} counts "
                f"{UNIT_NAMES[known]}, and neither is a number of the other; use evidence of one "
                "kind of device"
            )
        if not known:
            known, first = observation.lut_unit, name
    return known


UNIT_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "lut4": "4-input LUTs",
        "lut6": "6-input LUTs",
        "lc": "logic cells",
        "alut": "adaptive LUTs (ALUTs)",
        "alm": "adaptive logic modules (ALMs)",
    }
)


def checked_field(name: str, value: Any) -> Any:
    """The value of one field of an observation, in its one form.

    Raises:
        SCConfigError: it breaks the field's rule; the message begins with the field's name.
    """
    return _RULES[name](name, value)


def _whole(name: str, value: Any, *, least: int = 0) -> int:
    allowed = f"it must be a whole number of at least {least}"
    if not isinstance(value, bool):
        try:
            number = operator.index(value)
        except TypeError:
            if not (isinstance(value, float) and value.is_integer()):
                raise SCConfigError(f"{name} is {shown(value)}; {allowed}") from None
            number = int(value)
        if number > _MOST:
            raise SCConfigError(f"{name} is {shown(value)}; it must be at most {_MOST}")
        if number >= least:
            return number
    raise SCConfigError(f"{name} is {shown(value)}; {allowed}")


def checked_real(name: str, value: Any, *, most: float = math.inf, positive: bool = False) -> float:
    """A finite number of at least 0; the message of a refusal begins with ``name``."""
    least = "above 0" if positive else "of at least 0"
    allowed = f"a finite number {least}" if most == math.inf else f"a number from 0 to {most:g}"
    try:
        number = math.nan if isinstance(value, bool | str | bytes) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (0 <= number <= most and math.isfinite(number)) or (positive and not number):
        raise SCConfigError(f"{name} is {shown(value)}; it must be {allowed}")
    return number + 0.0  # no negative zero


def _name(name: str, value: Any, *, may_be_empty: bool = False) -> str:
    if not isinstance(value, str):
        raise SCConfigError(f"{name} is {shown(value)}; it must be text")
    text = str(value).strip()
    if not text and not may_be_empty:
        raise SCConfigError(f"{name} is empty; it must be text")
    if not text.isprintable():
        raise SCConfigError(f"{name} is {shown(value)}; it must be one line of text")
    return text


def _polynomial(name: str, value: Any) -> str:
    if not isinstance(value, str):
        return f"{_whole(name, value, least=1):#x}"
    text = _name(name, value)
    squeezed = re.sub(r"[\s*]", "", text).lower()
    if re.fullmatch(r"0x[0-9a-f]+", squeezed):
        return f"{int(squeezed, 16):#x}"
    if re.fullmatch(r"(x(\^\d{1,4})?|1)(\+(x(\^\d{1,4})?|1))*", squeezed) and "x" in squeezed:
        terms = squeezed.split("+")
        powers = [0 if t == "1" else int(t[2:] or 1) for t in terms]
        if len(set(powers)) < len(powers):
            raise SCConfigError(f"{name} is {shown(value)}; it must hold each power once")
        named = {0: "1", 1: "x"}
        return "+".join(named.get(p, f"x^{p}") for p in sorted(powers, reverse=True))
    return text


def _one_of(name: str, value: Any, *, allowed: tuple[str, ...], empty: bool = False) -> str:
    if not isinstance(value, str) or value not in (*allowed, *([""] if empty else [])):
        raise SCConfigError(f"{name} is {shown(value)}; it must be {_either(allowed)}")
    return str(value)


def _either(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"one of {', '.join(words)}"


def shown(value: Any) -> str:
    """A value for a message: short, whatever it is."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def file_of(path: Any, what: str) -> Path:
    """The file that an argument names.

    Raises:
        ObservationLoadError: it is no path.
    """
    if not isinstance(path, str | os.PathLike):
        raise ObservationLoadError(f"{what} is {shown(path)}; it must be the path of a file")
    return Path(path)


_LONGEST_SHOWN = 60
#: Largest count: up to it, a float holds every whole number.
_MOST = 1 << 53

_at_least_one = partial(_whole, least=1)
_optional_name = partial(_name, may_be_empty=True)

_RULES: Mapping[str, Callable[[str, Any], Any]] = MappingProxyType(
    {
        "mac_count": _at_least_one,
        "bitstream_length": _at_least_one,
        "decorrelator": _name,
        "precision_bits": _at_least_one,
        "polynomial": _polynomial,
        "luts_used": _whole,
        "power_mw": checked_real,
        "latency_cycles": _whole,
        "accuracy_score": partial(checked_real, most=1.0),
        "layer_id": _optional_name,
        "target": _optional_name,
        "lut_unit": partial(_one_of, allowed=LUT_UNITS, empty=True),
        "power_source": partial(_one_of, allowed=get_args(PowerSource), empty=True),
        "ffs": _whole,
        "brams": _whole,
        "dsps": _whole,
        "dynamic_mw": checked_real,
        "fmax_mhz": partial(checked_real, positive=True),
        "clock_mhz": partial(checked_real, positive=True),
        "inferences_per_run": _at_least_one,
        "source": _optional_name,
        "word": partial(_one_of, allowed=("measured",)),
    }
)
