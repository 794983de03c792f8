"""What happens between events: the exact flow of a linear model, and bounds of how far it rises.

All is relative to where the flow settles, x* with ``A·x* + b = 0``: the deviation ``y = x − x*``
follows ``y' = F·y + G·c``, where ``c = b + A·x*`` is what remains when ``A`` has no inverse (a
membrane without a leak), else 0. Powers of ``F`` for 1, 2, 4, … ticks skip any silence in as many
products as its length has binary digits. Source of the propagator: Rotter & Diesmann 1999,
doi:10.1007/s004220050570.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import Expr, Model, affine, evaluate, linear_system
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._groups import Group

Array = NDArray[np.float64]

#: Powers of two of ticks that silence is skipped by.
LEVELS = 32
#: Largest power whose rises are tabulated tick by tick.
_MOST_LEVEL = 17
#: What is left of a decay that counts as settled.
_SETTLED = 1e-16


class NotLinearError(SCConfigError):
    """A model without a linear flow between events."""


@dataclass(frozen=True, eq=False)
class Flow:
    """The dynamics of a group as numbers; S states, P inputs, n neurons.

    Attributes:
        rate: ``(S, S)`` ``A``.
        constant: ``(n, S)`` ``b`` while nothing drives the neurons.
        gain: ``(n, P, S)`` what a unit of a current adds to ``b``; 0 for event inputs.
        jump: ``(n, P, S)`` what a unit of an event adds to the states; 0 for currents.
        normal: ``(S,)`` a spike needs ``normal·x ≥ level``.
        level: ``(n,)`` see ``normal``; infinite without a threshold.
        strict: whether ``>`` stands for ``≥``.
        keep: ``(S, S)`` after a spike, ``x`` becomes ``keep·x + put``.
        put: ``(n, S)`` see ``keep``.
        held: ``(S,)`` states that refractoriness holds.
        refractory: ticks.
    """

    rate: Array
    constant: Array
    gain: Array
    jump: Array
    normal: Array
    level: Array
    strict: bool
    keep: Array
    put: Array
    held: NDArray[np.bool_]
    refractory: int


@dataclass(frozen=True, eq=False)
class Powers:
    """The flow over 1, 2, 4, … ticks.

    Attributes:
        move: ``(2, LEVELS, S, S)`` ``F``: free, and while refractory.
        push: ``(2, LEVELS, S, S)`` ``G``.
        settle: ``(S, S)`` ``x* = settle·b``.
        remain: ``(S, S)`` ``c = remain·b``.
        high: ``(top + 1, 2, S)`` largest weight of each entry of ``y`` and ``c`` in the margin to
            the threshold, over the ticks from 1 to ``2^level``.
        low: the smallest such weight.
        top: largest level of ``high`` and ``low``.
        settled: whether those of level ``top`` hold for ever.
    """

    move: Array
    push: Array
    settle: Array
    remain: Array
    high: Array
    low: Array
    top: int
    settled: bool


def flow_of(group: Group) -> Flow:
    """The dynamics of a group, or a refusal that names the model.

    Raises:
        NotLinearError: the model has no linear flow between events.
    """
    model, n = group.model, group.n
    label = group.populations[0].model.name
    values: dict[str, Any] = {**model.parameter_values, **group.own}
    system = None if model.draws else linear_system(model)
    if system is None or model.edge != "level":
        raise _refused(
            label,
            "it draws random numbers" if model.draws
            else "its equations are not linear in its states" if system is None
            else "it spikes at the onset of its condition",
        )  # fmt: skip
    states, inputs = model.state_names, model.input_names
    size, ports = len(states), len(inputs)

    def number(expr: Expr) -> Any:
        try:
            return evaluate(expr, values)
        except TypeError:
            raise _refused(
                label, f"'{expr}' is not arithmetic in what differs per neuron"
            ) from None

    rows, rests = system
    rate = np.array([[_shared(label, number(cell)) for cell in row] for row in rows])
    constant, gain = np.zeros((n, size)), np.zeros((n, ports, size))
    jump = np.zeros((n, ports, size))
    for s, rest in enumerate(rests):
        form = affine(rest, inputs)
        if form is None or any(c.names() & {*inputs} for c in form[0].values()):
            raise _refused(label, f"d{states[s]}/dt is not linear in its inputs")
        constant[:, s] = number(form[1])
        for name, cell in form[0].items():
            gain[:, inputs.index(name), s] = number(cell)
    for k, name in enumerate(inputs):
        constant += group.base[name][:, None] * gain[:, k]
    for name in model.event_inputs:
        if group.base[name].any():
            raise _refused(label, f"event input '{name}' is not 0 when nothing arrives")
    for line in model.jumps:
        form = affine(line.expr, (*states, *inputs))
        s = states.index(line.target)
        if form is None or any(c.names() & {*states, *inputs} for c in form[0].values()):
            raise _refused(label, f"jump '{line.source}' is not linear")
        coefficients, rest = form
        for name, cell in coefficients.items():
            if name in inputs:
                jump[:, inputs.index(name), s] += number(cell)
            elif name != line.target or np.any(number(cell) != 1):
                raise _refused(label, f"jump '{line.source}' mixes states")
        if line.target not in coefficients or np.any(number(rest) != 0):
            raise _refused(label, f"jump '{line.source}' acts without events as well")
    normal, level, strict = _threshold(label, model, number)
    keep, put = np.eye(size), np.zeros((n, size))
    for line in model.reset:
        form = affine(line.expr, states)
        if form is None or form[1].names() & {*inputs}:
            raise _refused(label, f"reset '{line.source}' is not linear")
        row, shift = np.zeros(size), np.zeros(n) + number(form[1])
        for name, cell in form[0].items():
            weight = _shared(label, number(cell))
            row += weight * keep[states.index(name)]
            shift = shift + weight * put[:, states.index(name)]
        s = states.index(line.target)
        keep[s], put[:, s] = row, shift
    return Flow(
        rate, constant, gain, jump, normal, np.zeros(n) + level, strict, keep, put,
        np.array([x in model.hold for x in states]), model.refractory_ticks,
    )  # fmt: skip


@np.errstate(over="ignore", invalid="ignore")  # what leaves the doubles is watched while it runs
def powers(flow: Flow, dt: float, label: str) -> Powers:
    """Tabulate the flow for ticks of ``dt`` ms.

    Raises:
        NotLinearError: the flow grows without bound.
    """
    from scipy.linalg import expm

    size = len(flow.rate)
    if np.linalg.eigvals(flow.rate).real.max() > 1e-12:
        raise _refused(label, "its states grow without bound")
    block = np.zeros((2 * size, 2 * size))
    block[:size, :size], block[:size, size:] = flow.rate, np.eye(size)
    both = expm(block * dt)
    both[np.abs(both) < 1e-15] = 0.0  # rounding of the exponential, as in method exact
    first, second = both[:size, :size], both[:size, size:]
    frozen = first.copy()
    frozen[flow.held] = np.eye(size)[flow.held]
    still = np.where(flow.held[:, None], 0.0, second)
    move, push = np.zeros((2, LEVELS, size, size)), np.zeros((2, LEVELS, size, size))
    for k, (f, g) in enumerate(((first, second), (frozen, still))):
        for i in range(LEVELS):
            move[k, i], push[k, i] = f, g
            f, g = f @ f, f @ g + g
    settle = -np.asarray(np.linalg.pinv(flow.rate), np.float64)
    remain = np.eye(size) + flow.rate @ settle
    remain[np.abs(remain) < 1e-9] = 0.0
    rows = np.stack([flow.normal @ first, flow.normal @ second])[None]
    high, low, settled = [rows[0]], [rows[0]], False
    for i in range(_MOST_LEVEL):
        # Weights of the ticks 2^i + 1 … 2^(i+1) from those of 1 … 2^i.
        later = rows @ move[0, i]
        later[:, 1] = rows[:, 0] @ push[0, i] + rows[:, 1]
        high.append(np.maximum(high[-1], later.max(0)))
        low.append(np.minimum(low[-1], later.min(0)))
        rows = np.concatenate([rows, later])
        half = rows[len(rows) // 2 :]
        settled = bool(np.abs(half[:, 0]).max() < _SETTLED) and not remain.any()
        if settled:
            break
    if settled:
        high[-1], low[-1] = np.maximum(high[-1], 0), np.minimum(low[-1], 0)
    return Powers(move, push, settle, remain, np.array(high), np.array(low), len(high) - 1, settled)


def _threshold(label: str, model: Model, number: Any) -> tuple[Array, Any, bool]:
    condition, states = model.threshold, model.state_names
    normal = np.zeros(len(states))
    if condition is None:
        return normal, np.inf, False
    if condition.op not in (">", ">=", "<", "<="):
        raise _refused(label, f"its threshold '{condition}' is not one comparison")
    left, right = condition.args if condition.op[0] == ">" else condition.args[::-1]
    form = affine(Expr("-", (left, right)), states)
    if form is None or any(x.names() & {*model.input_names} for x in (*form[0].values(), form[1])):
        raise _refused(label, f"its threshold '{condition}' is not linear in the states")
    for name, cell in form[0].items():
        normal[states.index(name)] = _shared(label, number(cell))
    return normal, -number(form[1]), condition.op in (">", "<")


def _shared(label: str, value: Any) -> float:
    if np.ndim(value):
        raise _refused(label, "a parameter of its flow differs between neurons of one population")
    return float(value)


def _refused(label: str, why: str) -> NotLinearError:
    return NotLinearError(f"model '{label}' has no bounded linear flow between events: {why}")
