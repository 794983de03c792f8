"""A torch cell made from a model: the equations of the catalogue, tick for tick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from sc_neurocore.dynamics import Expr, Model, program
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.training.surrogate import Surrogate, atan_surrogate

Value: TypeAlias = Tensor | float


class CellState(NamedTuple):
    """What a cell remembers between ticks.

    Attributes:
        values: the states in the model's order.
        refractory: ticks left without spikes; ``None`` in a model without refractoriness.
        previous: whether the threshold condition held at the tick before; ``None`` unless the
            model spikes on its onset.
    """

    values: tuple[Tensor, ...]
    refractory: Tensor | None
    previous: Tensor | None


class Cell(nn.Module):  # type: ignore[misc]
    """One tick of a `Model` on tensors, with a surrogate gradient through its threshold.

    It evaluates the same tick program as `dynamics.simulate`, in the same order. A reset is not
    differentiated through.

    Attributes:
        model: the model, without random draws.
        surrogate_fn: a function of `training.surrogate`.

    Raises:
        SCConfigError: the model draws random numbers.
    """

    def __init__(self, model: Model, surrogate_fn: Surrogate = atan_surrogate) -> None:
        super().__init__()
        if model.draws:
            raise SCConfigError(
                f"model '{model.name}' draws random numbers; a cell needs a model without"
            )
        self.model, self.surrogate_fn = model, surrogate_fn
        self._program = program(model)

    def initial(self, like: Tensor) -> CellState:
        """State before the first tick, of the shape, type and device of ``like``."""
        model = self.model
        values = tuple(torch.full_like(like, q.value) for q in model.states)
        refractory = torch.zeros_like(like, dtype=torch.int64) if model.refractory_ticks else None
        previous = torch.zeros_like(like, dtype=torch.bool) if model.edge == "rising" else None
        return CellState(values, refractory, previous)

    def forward(
        self, current: Tensor | Mapping[str, Tensor], state: CellState | None = None
    ) -> tuple[Tensor, CellState]:
        """Advance by one tick.

        Args:
            current: value of the only input, or of every input by name, all of one shape.
            state: state after the tick before; default `initial`.

        Returns:
            Spikes (1 or 0) and the new state.
        """
        model = self.model
        inputs = self._inputs(current)
        like = next(iter(inputs.values()))
        state = self.initial(like) if state is None else state
        old = dict(zip(model.state_names, state.values, strict=True))
        scope: dict[str, Value] = {**model.parameter_values, **inputs, **old}
        for name, expr in self._program.steps:
            scope[name] = _evaluate(expr, scope)
        new = {x: _tensor(_evaluate(e, scope), like) for x, e in self._program.advance.items()}
        waiting = None if state.refractory is None else state.refractory > 0
        if waiting is not None:
            new = {x: torch.where(waiting, old[x], v) if x in model.hold else v
                   for x, v in new.items()}  # fmt: skip
        ordered = tuple(new[x] for x in model.state_names)
        if model.threshold is None:
            return torch.zeros_like(like), CellState(ordered, state.refractory, state.previous)
        scope = {**model.parameter_values, **inputs, **new}
        met = _tensor(_evaluate(model.threshold, scope), like).bool()
        fires = met if waiting is None else met & ~waiting
        if state.previous is not None:
            fires = fires & ~state.previous
        spike = self._spike(model.threshold, scope, fires, like)
        for line in model.reset:
            value = _tensor(_evaluate(line.expr, scope), like)
            scope[line.target] = torch.where(fires, value, _tensor(scope[line.target], like))
        values = tuple(_tensor(scope[x], like) for x in model.state_names)
        refractory = state.refractory
        if refractory is not None:
            counted = torch.clamp(refractory - 1, min=0)
            refractory = torch.where(fires, model.refractory_ticks, counted)
        previous = None if state.previous is None else met
        return spike, CellState(values, refractory, previous)

    def _inputs(self, current: Tensor | Mapping[str, Tensor]) -> dict[str, Tensor]:
        names = self.model.input_names
        if isinstance(current, Tensor):
            current = dict.fromkeys(names[:1], current) if len(names) == 1 else {}
        if set(current) != set(names):
            raise SCConfigError(
                f"model '{self.model.name}' has the inputs {', '.join(names) or '(none)'}; "
                f"give each by name, not {', '.join(current) or 'one tensor'}"
            )
        return dict(current)

    def _spike(
        self, threshold: Expr, scope: Mapping[str, Value], fires: Tensor, like: Tensor
    ) -> Tensor:
        """``fires`` as numbers, with the surrogate's gradient of the threshold's margin."""
        hard = fires.to(like.dtype)
        if not torch.is_grad_enabled():
            return hard
        soft = self.surrogate_fn(_tensor(_margin(threshold, scope), like))
        # The margin's own step differs from the condition at equality and while refractory.
        return soft + (hard - soft).detach()

    def extra_repr(self) -> str:
        """Name of the model."""
        return self.model.name


def _tensor(value: Value, like: Tensor) -> Tensor:
    return value if isinstance(value, Tensor) else torch.full_like(like, float(value))


def _margin(expr: Expr, scope: Mapping[str, Value]) -> Value:
    """How far a condition is from changing, positive where it holds."""
    if expr.op in (">", ">="):
        return _evaluate(expr.args[0], scope) - _evaluate(expr.args[1], scope)
    if expr.op in ("<", "<="):
        return _evaluate(expr.args[1], scope) - _evaluate(expr.args[0], scope)
    if expr.op == "not":
        return -_margin(expr.args[0], scope)
    parts = [_margin(arg, scope) for arg in expr.args]
    if expr.op in ("and", "or"):
        return _FUNCTIONS["min" if expr.op == "and" else "max"](*parts)
    raise SCConfigError(f"condition '{expr}' has no margin to differentiate")


def _pair(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Value, Value], Value]:
    """Extend a function of two tensors to numbers."""

    def apply(a: Value, b: Value) -> Value:
        like = a if isinstance(a, Tensor) else b
        if not isinstance(like, Tensor):
            return function(torch.tensor(a, dtype=torch.float64),
                            torch.tensor(b, dtype=torch.float64)).item()  # fmt: skip
        return function(_tensor(a, like), _tensor(b, like))

    return apply


def _single(function: Callable[[Tensor], Tensor]) -> Callable[[Value], Value]:
    """Extend a function of a tensor to numbers."""

    def apply(x: Value) -> Value:
        if isinstance(x, Tensor):
            return function(x)
        return function(torch.tensor(float(x), dtype=torch.float64)).item()

    return apply


def _exprel(x: Tensor) -> Tensor:
    zero = x == 0
    return torch.where(zero, 1.0, torch.expm1(x) / torch.where(zero, 1.0, x))


def _power(base: Value, exponent: Value) -> Value:
    """As `dynamics.evaluate`: whole exponents up to 16 are products."""
    if isinstance(exponent, Tensor) or exponent != int(exponent) or abs(exponent) > 16:
        return _pair(torch.pow)(base, exponent)
    result: Value = 1.0
    square, left = base, abs(int(exponent))
    while left:
        if left & 1:
            result = result * square
        left >>= 1
        if left:
            square = square * square
    return result if exponent >= 0 else 1.0 / result


def _where(condition: Value, yes: Value, no: Value) -> Value:
    if not isinstance(condition, Tensor):
        return yes if condition else no
    like = next((v for v in (yes, no) if isinstance(v, Tensor)), None)
    if like is None:
        like = torch.empty_like(condition, dtype=torch.get_default_dtype())
    return torch.where(condition, _tensor(yes, like), _tensor(no, like))


_minimum, _maximum = _pair(torch.minimum), _pair(torch.maximum)

_FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": _power,
    "neg": lambda a: -a,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "not": lambda a: ~a if isinstance(a, Tensor) else not a,
    "exp": _single(torch.exp),
    "log": _single(torch.log),
    "sqrt": _single(torch.sqrt),
    "sin": _single(torch.sin),
    "cos": _single(torch.cos),
    "tanh": _single(torch.tanh),
    "sigmoid": _single(torch.sigmoid),
    "exprel": _single(_exprel),
    "abs": _single(torch.abs),
    "floor": _single(torch.floor),
    "min": _minimum,
    "max": _maximum,
    "clip": lambda x, low, high: _minimum(_maximum(x, low), high),
    "where": _where,
}


def _evaluate(expr: Expr, scope: Mapping[str, Value]) -> Value:
    if expr.op == "num":
        return expr.value
    if expr.op == "name":
        return scope[expr.name]
    return _FUNCTIONS[expr.op](*(_evaluate(arg, scope) for arg in expr.args))
