"""Neurons of one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import Model, Quantity, build_model, suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._distributions import Distribution, Normal, Uniform, draw, in_unit_of
from sc_neurocore.network._units import has_unit, magnitude, whole_number

Value = float | NDArray[np.float64] | Distribution

_MOST = 2**31 - 1


class Population:
    """``n`` neurons of one model.

    Attributes:
        model: the model.
        n: number of neurons.
        params: values by name: of parameters, and constant values of current inputs.
        init: initial values of states by name.
        label: name in the network; empty until it is added, if none was given.
    """

    def __init__(
        self,
        model: str | Path | Model,
        n: int,
        params: Mapping[str, ArrayLike | Distribution] | None = None,
        label: str = "",
        *,
        init: Mapping[str, ArrayLike | Distribution] | None = None,
        **equations: Any,
    ) -> None:
        """Describe a population; nothing is drawn before the network is built.

        Args:
            model: name in the catalogue, path of a model file, equations as text, or a `Model`.
            n: number of neurons.
            params: numbers, ``(n,)`` arrays, `Normal` or `Uniform`, in the model's units, or text
                and quantities with another; of its parameters, or of a current input, whose value
                this is when nothing drives it, and to which what drives it is added.
            label: name in the network.
            init: the same for initial values of states.
            **equations: with equations as text, what `build_model` takes beside them:
                ``threshold``, ``reset``, ``refractory`` …

        Raises:
            SCConfigError: no such model or name, or a value that does not fit.
        """
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= _MOST:
            raise SCConfigError(f"n is {n!r}; a population has from 1 to {_MOST} neurons")
        self.n, self.label = int(n), check_label(label)
        given, start = _mapping("params", params), _mapping("init", init)
        self.model = _resolved(model, given, equations)
        currents = tuple(q.name for q in self.model.inputs if q.kind == "current")
        self.params = self._read(given, (*self.model.parameter_values, *currents), "parameter")
        self.init = self._read(start, self.model.state_names, "state")
        self.model = self.model.with_parameters(
            {k: v for k, v in self.params.items() if isinstance(v, float) and k not in currents}
        )
        for q in self.model.parameters:
            value = self.params.get(q.name, q.value)
            if not isinstance(value, Normal | Uniform):
                self._require_range(q, value)

    def __repr__(self) -> str:
        return f"Population('{self.model.name}', {self.n}, label='{self.label}')"

    def drawn(self, values: Mapping[str, Value], seed: int) -> dict[str, Any]:
        """Numbers and arrays of ``values``; ``seed`` is of the stream of each name.

        Raises:
            SCConfigError: a parameter lies outside its declared range.
        """
        from sc_neurocore.network._seeds import stream

        found: dict[str, Any] = {}
        parameters = {q.name: q for q in self.model.parameters}
        for name, value in values.items():
            if isinstance(value, Normal | Uniform):
                array = np.empty(self.n)
                draw(value, array, stream(seed, name))
                if name in parameters:
                    self._require_range(parameters[name], array)
                found[name] = array
            else:
                found[name] = value
        return found

    def port(self, name: str | None) -> str:
        """The input that receives events: as named, else the only event input, else ``I``."""
        inputs = {q.name: q for q in self.model.inputs}
        if name is not None:
            if name not in inputs:
                hint = suggest(str(name), inputs)
                raise SCConfigError(f"model '{self.model.name}' has no input '{name}'{hint}")
            return name
        events = [q.name for q in self.model.inputs if q.kind == "event"]
        if len(events) == 1:
            return events[0]
        if not events and "I" in inputs:
            return "I"
        if not events and len(inputs) == 1:
            return next(iter(inputs))
        listed = ", ".join(events or inputs) or "none"
        raise SCConfigError(
            f"model '{self.model.name}' has several inputs or none ({listed}); name one as port"
        )

    def require_sign(self, port: str, low: float, high: float, what: str) -> None:
        """Refuse values from ``low`` to ``high`` of a sign that an input does not take."""
        q = next(q for q in self.model.inputs if q.name == port)
        for wrong, side, bad in ((q.low >= 0, "below", low), (q.high <= 0, "above", high)):
            if wrong and (bad < 0 if side == "below" else bad > 0):
                raise SCConfigError(
                    f"{what} of {bad:g}, but input '{port}' of model '{self.model.name}' takes "
                    f"none {side} 0; turn the sign, or name another port"
                )

    def _require_range(self, q: Quantity, given: float | NDArray[np.float64]) -> None:
        """Refuse values of a parameter outside the range that the model declares for it."""
        values = np.atleast_1d(given)
        outside = np.flatnonzero((values < q.low) | (values > q.high))
        if len(outside):
            named = f"population '{self.label}'" if self.label else f"a population of {self.n}"
            unit = "" if q.unit in ("", "1") else f" {q.unit}"
            raise SCConfigError(
                f"parameter '{q.name}' of neuron {outside[0]} of {named} is "
                f"{values[outside[0]]:.12g}{unit}; it must be {q.low:g} to {q.high:g}{unit}, the "
                f"range that model '{self.model.name}' declares"
            )

    def _quantities(self) -> tuple[Quantity, ...]:
        return (*self.model.parameters, *self.model.inputs, *self.model.states)

    def _read(self, given: dict[str, Any], known: tuple[str, ...], what: str) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, value in given.items():
            if name not in known:
                raise SCConfigError(
                    f"model '{self.model.name}' has no {what} '{name}'{suggest(name, known)}"
                )
            quantity = next(q for q in self._quantities() if q.name == name)
            unit = quantity.unit
            if isinstance(value, Normal | Uniform):
                if quantity.integer:
                    raise SCConfigError(
                        f"{what} '{name}' takes whole numbers; give them, not {value}"
                    )
                found[name] = in_unit_of(value, unit, f"{what} '{name}'")
                continue
            bare = magnitude(value, unit, f"{what} '{name}'")
            try:
                array = np.asarray(bare, np.float64)
            except (TypeError, ValueError):
                raise SCConfigError(
                    f"{what} '{name}' is {value!r}; give a number, one per neuron, Normal or "
                    "Uniform"
                ) from None
            if array.shape not in ((), (self.n,)):
                raise SCConfigError(
                    f"{what} '{name}' has shape {array.shape}; a population of {self.n} takes a "
                    f"number or ({self.n},)"
                )
            if not np.isfinite(array).all():
                bad = array[~np.isfinite(array)].flat[0]
                raise SCConfigError(f"{what} '{name}' holds {bad}; it must be finite")
            if quantity.integer and (array != np.rint(array)).any():
                bad = array[array != np.rint(array)].flat[0]
                raise SCConfigError(f"{what} '{name}' holds {bad:g}; it takes whole numbers")
            found[name] = float(array) if array.ndim == 0 else array
        return found


class SpikeSourceArray:
    """A population whose spikes are given.

    Attributes:
        n: number of sources.
        neuron: ``(K,)`` source of each spike, ordered by tick.
        tick: ``(K,)`` tick of each spike.
        label: name in the network.
    """

    def __init__(self, n: int, neuron: ArrayLike, tick: ArrayLike, label: str = "") -> None:
        """Describe ``n`` sources, of which ``neuron[k]`` spikes in tick ``tick[k]``.

        Raises:
            SCConfigError: the arrays differ in length, or hold what is not a source or a tick.
        """
        n = whole_number("n", n, 1)
        if n > _MOST:
            raise SCConfigError(f"n is {n}; there are at most {_MOST} sources")
        try:
            who, when = np.asarray(neuron), np.asarray(tick)
        except ValueError:
            raise SCConfigError("neuron and tick hold one number per spike each") from None
        if who.ndim != 1 or who.shape != when.shape:
            raise SCConfigError(
                f"neuron has shape {who.shape} and tick {when.shape}; give one entry per spike"
            )
        if who.size and (who.dtype.kind not in "iu" or when.dtype.kind not in "iu"):
            raise SCConfigError("spikes of a source are whole numbers: a source and a tick each")
        if who.size and not (0 <= who.min() <= who.max() < n):
            bad = who.min() if who.min() < 0 else who.max()
            raise SCConfigError(f"a spike has source {bad}; there are 0 to {n - 1}")
        if when.size and not (0 <= when.min() <= when.max() < _MOST):
            bad = when.min() if when.min() < 0 else when.max()
            raise SCConfigError(f"a spike has tick {bad}; ticks count from 0 to {_MOST - 1}")
        order = np.lexsort((who, when)) if who.size else np.empty(0, np.int64)
        self.n, self.label = n, check_label(label)
        self.neuron = who[order].astype(np.int64)
        self.tick = when[order].astype(np.int64)

    def __repr__(self) -> str:
        return f"SpikeSourceArray({self.n}, {len(self.tick)} spikes, label='{self.label}')"


def check_label(label: object) -> str:
    """Return a label, or refuse what is no text."""
    if not isinstance(label, str):
        raise SCConfigError(f"label is {label!r}; it must be text")
    return label


def _mapping(what: str, given: object) -> dict[str, Any]:
    if given is not None and not (
        isinstance(given, Mapping) and all(isinstance(name, str) for name in given)
    ):
        raise SCConfigError(f"{what} is {given!r}; give values by name, as in {{'v': 1.0}}")
    return dict(given or {})


def _stand_in(name: str, value: Any) -> float:
    """A number in the place of values that come with the population."""
    if isinstance(value, Normal | Uniform):
        return 1.0
    if has_unit(value):
        raise SCConfigError(
            f"parameter '{name}' is {value!r}; parameters of equations given as text are bare "
            "numbers, one, or one per neuron"
        )
    try:
        return float(np.asarray(value, np.float64).flat[0])
    except (TypeError, ValueError, IndexError):
        raise SCConfigError(
            f"parameter '{name}' is {value!r}; give a number, one per neuron, Normal or Uniform"
        ) from None


def _resolved(
    model: str | Path | Model, params: Mapping[str, Any], equations: Mapping[str, Any]
) -> Model:
    if isinstance(model, str) and "=" in model:
        # A stand-in for what differs between neurons; its values come with the population.
        inputs = {"I", *(q.name for q in equations.get("inputs") or ())}
        numbers = {k: _stand_in(k, v) for k, v in params.items() if k not in inputs}
        return build_model(model, params=numbers, **equations)
    if equations:
        raise SCConfigError(
            f"{', '.join(map(repr, equations))} can be given with equations as text only; "
            "change the model itself"
        )
    if isinstance(model, Model):
        return model
    from sc_neurocore.neurons import load_model

    return load_model(model)


def at_resolution(model: Model, dt: float) -> Model:
    """The model with ticks of ``dt`` ms.

    Raises:
        SCConfigError: it is a map, which steps by its own tick only.
    """
    if model.dt == dt:
        return model
    if model.method == "map":
        raise SCConfigError(
            f"model '{model.name}' is a map of ticks of {model.dt:g} ms, but the network's are "
            f"{dt:g} ms; take dt='{model.dt:g} ms', or a model of differential equations"
        )
    return replace(model, dt=dt)
