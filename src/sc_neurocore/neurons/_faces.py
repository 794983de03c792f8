"""Classes of the catalogue: one per model document, made from it when its name is asked for."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons._document import list_bundled_schemas, load_schema, read_text
from sc_neurocore.neurons._universal import UniversalNeuron

_CLASS = re.compile(r'^class = "(\w+)"$', re.MULTILINE)
_SETTINGS = ("dt", "method", "seed")


class CatalogueNeuron(UniversalNeuron):
    """One neuron of a bundled model; the base of the classes that are named in the documents.

    Args:
        dt: tick in ms instead of the document's.
        method: integration method instead of the document's.
        seed: seed of the random draws.
        **parameters: values of the model's parameters, in the units of the document.

    Raises:
        SCConfigError: a keyword is no parameter of the model, or a value does not fit.

    Example:
        >>> from sc_neurocore.neurons import AdExNeuron
        >>> neuron = AdExNeuron(tau_w=100.0)
        >>> sum(neuron.step(1000.0) for _ in range(10_000))
        20
    """

    #: Name of the model in the catalogue.
    model_name: ClassVar[str] = ""

    def __init__(
        self,
        *,
        dt: float | None = None,
        method: str | None = None,
        seed: int = 0,
        **parameters: float,
    ) -> None:
        if not self.model_name:
            raise SCConfigError(
                "CatalogueNeuron has no model of its own; take a class such as AdExNeuron"
            )
        schema = load_schema(self.model_name)
        known = schema.get("parameters", {})
        for name in parameters:
            if name not in known:
                hint = suggest(name, (*known, *_SETTINGS))
                raise SCConfigError(f"{type(self).__name__} has no parameter '{name}'{hint}")
        self._adopt(schema, parameters, dt, method, seed)
        self._driven = driven_input(schema)
        graded = "threshold" not in schema["dynamics"]
        self._output = next(iter(schema["states"])) if graded else None

    def step(self, current: float | None = None, **inputs: float) -> float:  # type: ignore[override]
        """Run one tick.

        Args:
            current: value of the driven input: the one of the model's protocol, else its first.
            **inputs: values of inputs by name; those not given have their resting value.

        Returns:
            1 if the neuron spikes, else 0; of a graded model the new value of its first state.

        Raises:
            SCConfigError: an unknown input, or a state that would become non-finite; nothing
                changes.
        """
        if current is not None:
            inputs = {self._require_input(): current, **inputs}
        spike = self._neuron.step(**inputs)
        return spike if self._output is None else self.state[self._output]

    def get_state(self) -> dict[str, float]:
        """State values by name, in the units of the document."""
        return self.state

    def simulate(
        self, n_steps: int, current: ArrayLike | Mapping[str, ArrayLike] = 0.0
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Run ``n_steps`` ticks from the present state, as that many calls of `step` would.

        Args:
            n_steps: number of ticks.
            current: the driven input, a number or ``(n_steps,)``, or a mapping by input name.

        Returns:
            ``trace``, shape ``(n_steps, S)``: the states at the end of every tick, and
            ``spikes``, shape ``(n_steps,)``: 1 at the ticks that spiked.

        Raises:
            SCConfigError: an argument does not fit, or a state would become non-finite; nothing
                changes.
        """
        if isinstance(current, Mapping):
            return self._neuron.simulate(n_steps, current)
        if self._driven is None and not np.any(current):
            return self._neuron.simulate(n_steps, {})
        return self._neuron.simulate(n_steps, {self._require_input(): current})

    def _require_input(self) -> str:
        if self._driven is None:
            raise SCConfigError(f"{type(self).__name__} has no input; leave 'current' out")
        return self._driven

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={v:g}" for k, v in self._neuron.parameters.items())
        return f"{type(self).__name__}({values})"


def driven_input(schema: Mapping[str, Any]) -> str | None:
    """The input that a lone value means: the protocol's, else the first; ``None`` without any."""
    if "protocol" in schema:
        return str(schema["protocol"]["input"])
    return next(iter(schema.get("inputs", {})), None)


@functools.cache
def classes() -> Mapping[str, str]:
    """Model name by documented class name, from the ``class`` fields of the bundled documents."""
    # The line alone: parsing every document would take a hundred times as long.
    found = {name: _CLASS.search(read_text(name)) for name in list_bundled_schemas()}
    return MappingProxyType({match[1]: name for name, match in found.items() if match})


@functools.cache
def face(class_name: str) -> type[CatalogueNeuron]:
    """The class of a documented name.

    Raises:
        SCConfigError: no bundled model names that class.
    """
    if class_name not in classes():
        raise SCConfigError(
            f"no bundled model has the class '{class_name}'{suggest(class_name, classes())}"
        )
    name = classes()[class_name]
    schema = load_schema(name)
    made = type(
        class_name,
        (CatalogueNeuron,),
        {
            "__doc__": _documentation(schema),
            "__module__": "sc_neurocore.neurons",
            "__signature__": _signature(schema),
            "model_name": name,
        },
    )
    return made


def face_attribute(module: str, name: str) -> type[CatalogueNeuron]:
    """`face` for a module's ``__getattr__``: raises AttributeError where there is no class."""
    if name.startswith("_") or name not in classes():
        near = "" if name.startswith("_") else suggest(name, classes())
        raise AttributeError(f"module '{module}' has no attribute '{name}'{near}")
    return face(name)


def _signature(schema: Mapping[str, Any]) -> inspect.Signature:
    keyword = inspect.Parameter.KEYWORD_ONLY
    entries = schema.get("parameters", {}).items()
    own = [inspect.Parameter(k, keyword, default=entry["value"]) for k, entry in entries]
    defaults = {"dt": None, "method": None, "seed": 0}
    taken = [inspect.Parameter(k, keyword, default=v) for k, v in defaults.items()]
    return inspect.Signature([*own, *taken])


def _documentation(schema: Mapping[str, Any]) -> str:
    about, reference = schema["model"], schema.get("reference", {})
    lines = [about.get("description", about["name"]), "", "Equations::", ""]
    lines += [f"    {line}" for line in schema["dynamics"]["equations"].strip().splitlines()]
    lines += ["", "Args:"]
    for name, entry in schema.get("parameters", {}).items():
        unit = entry.get("unit", "1")
        shown = f" ({unit})" if unit != "1" else ""
        lines.append(f"    {name}: {entry.get('meaning', '')}{shown}.")
    lines += [
        "    dt: tick in ms instead of the document's.",
        "    method: integration method instead of the document's.",
        "    seed: seed of the random draws.",
    ]
    if "doi" in reference:
        authors = "; ".join(reference.get("authors", ()))
        lines += ["", f"Source: {authors} ({reference.get('year')}), doi:{reference['doi']}"]
    return "\n".join(lines) + "\n"
