"""One tick of a population, in the unit of its summed current, as a model of the equation language.

Every linear gain (``R·dt/tau``, ``w_in``) is folded into the weights, so a neuron keeps its leak,
threshold, reset and constant drive only. Forward Euler as NIR's reference defines the
primitives: ``v' = v + dt/tau·(v_leak - v + R·x)`` with ``x = Wx + b``. In the cuba kinds the
synaptic state is carried as ``j = R·dt/tau_mem·i``, so that it is what a tick adds to ``v``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.accelerator._network import Integers
from sc_neurocore.compiler import Datapath, QFormat, Rounding, lower
from sc_neurocore.dynamics import Model, Quantity, build_model
from sc_neurocore.exceptions import SCCompilerError, SCConfigError
from sc_neurocore.ir import DEFAULTS, KINDS, SPIKING, Assumptions, Kind

Reals = NDArray[np.float64]

#: Significant binary digits of a leak: what it costs is an adder for each that is one.
LEAK_BITS = 8


@dataclass(frozen=True, eq=False)
class Population:
    """N neurons as numbers; arrays of shape (N,), None where the kind has none.

    Attributes:
        kind: of neuron.
        rules: of a tick.
        gain: what one unit of the graph's current adds to the first state in a tick.
        leak: share of ``v`` lost per tick.
        drive: what is added to ``v`` in every tick.
        leak_syn: share of the synaptic current lost per tick.
        drive_syn: what is added to the synaptic current in every tick.
        threshold: ``v`` above it is a spike.
        reset_to: ``v`` after a spike.
    """

    kind: Kind
    rules: Assumptions
    gain: Reals
    leak: Reals | None = None
    drive: Reals | None = None
    leak_syn: Reals | None = None
    drive_syn: Reals | None = None
    threshold: Reals | None = None
    reset_to: Reals | None = None

    @property
    def size(self) -> int:
        """N."""
        return len(self.gain)

    @property
    def spiking(self) -> bool:
        """Whether the neurons spike."""
        return self.kind in SPIKING


def population(
    kind: Kind,
    parameters: Mapping[str, ArrayLike],
    *,
    size: int,
    dt: float,
    rules: Assumptions | None = None,
    bias: ArrayLike = 0.0,
    name: str = "population",
) -> Population:
    """Numbers of a population in the units of the graph.

    Args:
        kind: of neuron.
        parameters: NIR's, scalars or (N,).
        size: N.
        dt: seconds of a tick.
        rules: of a tick.
        bias: constant current of each neuron.
        name: for messages.

    Raises:
        SCConfigError: an unknown kind, or a parameter that is missing, has a wrong shape, is not
            finite or has a time constant below the tick's half.
    """
    if kind not in KINDS:
        raise SCConfigError(f"population '{name}' has kind '{kind}'; allowed: {', '.join(KINDS)}")
    rules = rules or Assumptions(dt=dt)

    def get(key: str) -> Reals:
        if key not in parameters and key not in DEFAULTS:
            raise SCConfigError(f"population '{name}' ({kind}) has no parameter '{key}'")
        value = np.asarray(parameters.get(key, DEFAULTS.get(key, 0.0)), np.float64).reshape(-1)
        if value.size not in (1, size):
            raise SCConfigError(
                f"parameter '{key}' of population '{name}' has {value.size} values for {size} "
                "neurons; give one, or one each"
            )
        if not np.isfinite(value).all():
            raise SCConfigError(f"parameter '{key}' of population '{name}' is not finite")
        return np.array(np.broadcast_to(value, (size,)))

    def share(key: str) -> Reals:
        tau = get(key)
        worst = float(tau.min())
        if worst <= dt / 2:
            raise SCConfigError(
                f"parameter '{key}' of population '{name}' is {worst:g} s; Euler steps of {dt:g} s "
                f"diverge unless it is above {dt / 2:g} s; use a shorter dt"
            )
        return dt / tau

    for key in KINDS[kind]:
        get(key)
    ones, zeros = np.ones(size), np.zeros(size)
    constant = np.broadcast_to(np.asarray(bias, np.float64), (size,))
    threshold = reset_to = leak_syn = drive_syn = None
    if kind == "threshold":
        return Population(kind, rules, ones, None, constant.copy(), threshold=get("threshold"))
    if kind in SPIKING:
        threshold, reset_to = get("v_threshold"), get("v_reset")
        if rules.reset_when == "next_tick" and (threshold < 0).any():
            raise SCConfigError(
                f"population '{name}' has a threshold of {threshold.min():g}; with resets in the "
                "next tick it must not be negative, as the rest would count as a spike"
            )
    if kind in ("if", "i"):
        gain = get("r") * dt
        leak, drive = zeros, gain * constant
    elif kind in ("lif", "li"):
        leak = share("tau")
        gain = leak * get("r")
        drive = leak * get("v_leak") + gain * constant
    else:
        leak, leak_syn = share("tau_mem"), share("tau_syn")
        gain = leak * get("r") * leak_syn * get("w_in")
        drive, drive_syn = leak * get("v_leak"), gain * constant
    return Population(kind, rules, gain, leak, drive, leak_syn, drive_syn, threshold, reset_to)


def significant(values: Reals, bits: int) -> Reals:
    """Numbers rounded to ``bits`` significant binary digits."""
    mantissa, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.rint(mantissa * 2.0**bits), exponent - bits))


def in_units(p: Population, scale: float, fraction: int) -> Population:
    """The population in units of ``scale``, every number as the hardware holds it.

    Args:
        p: in units of the graph.
        scale: real value of one unit of current.
        fraction: binary places of states and of what is compared with them or added.
    """

    def on_grid(x: Reals | None) -> Reals | None:
        return None if x is None else np.rint(x / scale * 2.0**fraction) * 2.0**-fraction

    def leak(x: Reals | None) -> Reals | None:
        return None if x is None else significant(x, LEAK_BITS)

    return replace(
        p,
        leak=leak(p.leak),
        drive=on_grid(p.drive),
        leak_syn=leak(p.leak_syn),
        drive_syn=on_grid(p.drive_syn),
        threshold=on_grid(p.threshold),
        reset_to=on_grid(p.reset_to),
    )


def population_model(p: Population, name: str) -> tuple[Model, dict[str, Reals]]:
    """The model of a tick, and the values of the parameters in which neurons differ.

    Args:
        p: in units of current.
        name: of the model.
    """
    ports: dict[str, Reals] = {}

    def text(key: str, values: Reals) -> str:
        if (values == values[0]).all():
            return f"({float(values[0])!r})"  # exact: a binary fraction has a decimal
        ports[key] = values
        return key

    def plus(key: str, values: Reals | None) -> str:
        return f" + {text(key, values)}" if values is not None and values.any() else ""

    def decayed(state: str, key: str, values: Reals | None) -> str:
        if values is None or not values.any():
            return state
        return f"{state} - {text(key, values)}*{state}"

    lines = []
    current = "I"
    if p.leak_syn is not None:
        advanced = f"{decayed('j', 'leak_syn', p.leak_syn)} + I{plus('drive_syn', p.drive_syn)}"
        lines.append(f"j_next = {advanced}")
        lines.append("j[n+1] = j_next")
        current = "j_next" if p.rules.cuba_order == "current_first" else "j"
    if p.kind == "threshold":
        base = f"I{plus('drive', p.drive)}"
    else:
        base = f"{decayed('v', 'leak', p.leak)} + {current}{plus('drive', p.drive)}"
    above = reset = None
    if p.threshold is not None:
        limit = text("threshold", p.threshold)
        above = f"v > {limit}"
        if p.kind != "threshold":
            to = text("reset_to", p.reset_to) if p.reset_to is not None else "0"
            if p.rules.reset_when == "next_tick":
                if p.rules.reset == "reset":
                    base = f"where({above}, {to}, {base})"
                else:
                    base = f"{base} - where({above}, {limit}, 0)"
            else:
                reset = f"v = {to}" if p.rules.reset == "reset" else f"v = v - {limit}"
    if p.rules.reset == "subtract":
        ports.pop("reset_to", None)
    lines.append(f"v[n+1] = {base}")
    model = build_model(
        "\n".join(lines),
        threshold=above,
        reset=reset,
        params={key: float(values[0]) for key, values in ports.items()},
        inputs=[Quantity("I", 0.0, meaning="summed current")],
        dt=1.0,
        method="map",
        name=name,
        description=f"{p.kind} population in units of its summed current.",
    )
    return model, ports


def population_datapath(
    p: Population,
    name: str,
    *,
    bounds: Mapping[str, tuple[float, float]],
    current: QFormat,
    fraction: int,
    rounding: Rounding,
    proven: bool,
) -> tuple[Datapath, dict[str, Integers]]:
    """Integer operations of a tick, and the raw values of its parameter ports.

    Args:
        p: in units of current.
        name: of the model.
        bounds: of the states.
        current: format of the summed current.
        fraction: binary places of the states.
        rounding: of stored states.
        proven: whether no state can leave its bounds, so that nothing need saturate.

    Raises:
        SCConfigError: the numbers lie too far apart for integers.
    """
    model, ports = population_model(p, name)
    formats = {"I": current}
    for state in model.state_names:
        formats[state] = _holding(*bounds[state], fraction)
    raw: dict[str, Integers] = {}
    for key, values in ports.items():
        places = _places(values) if key.startswith("leak") else fraction
        raw[key] = np.rint(values * 2.0**places).astype(np.int64)
        formats[key] = _holding(float(values.min()), float(values.max()), places)
    try:
        datapath = lower(
            model,
            formats,
            overflow="wrap" if proven else "saturate",
            rounding=rounding,
            parameters="ports" if ports else "constants",
        )
    except SCCompilerError:
        raise SCConfigError(
            f"population '{name}' needs more bits than an integer has at {fraction} binary places "
            "of its states: its leaks, thresholds, biases and weights lie too far apart; scale "
            "them closer together, or ask for fewer binary places (fraction)"
        ) from None
    return datapath, raw


def _holding(low: float, high: float, fraction: int) -> QFormat:
    """The narrowest signed format that holds a span of real numbers."""
    down = math.floor(low * 2.0**fraction)
    up = math.ceil(high * 2.0**fraction)
    return QFormat(max((~down if down < 0 else down), (up if up >= 0 else ~up)).bit_length() + 1,
                   fraction)  # fmt: skip


def _places(values: Reals) -> int:
    """Binary places that hold the numbers exactly."""
    places = 0
    while (values * 2.0**places != np.rint(values * 2.0**places)).any():
        places += 1
    return places
