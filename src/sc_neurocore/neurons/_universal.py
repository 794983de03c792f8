"""A neuron given by a model document."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sc_neurocore.neurons._check import check_document
from sc_neurocore.neurons._document import load_schema, refuse, schema_to_json, schema_to_toml
from sc_neurocore.neurons._equation import EquationNeuron
from sc_neurocore.neurons._model import model_of


class UniversalNeuron:
    """One neuron of any model in the catalogue or in a file.

    Args:
        schema: model document, as `load_schema` returns it.
        parameter_overrides: parameter values to use instead of the document's.
        dt_override: tick in ms to use instead of the document's.
        method_override: integration method to use instead of the document's.
        seed: seed of the random draws.

    Raises:
        SCConfigError: the document is not valid, or an override does not fit.

    Example:
        >>> neuron = UniversalNeuron.from_schema("lif")
        >>> sum(neuron.step(I=2.0) for _ in range(1000))
        6
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        parameter_overrides: Mapping[str, float] | None = None,
        dt_override: float | None = None,
        method_override: str | None = None,
        seed: int = 0,
    ) -> None:
        refuse("model document", check_document(schema))
        self._adopt(
            copy.deepcopy(dict(schema)),
            parameter_overrides or {},
            dt_override,
            method_override,
            seed,
        )

    def _adopt(
        self,
        schema: dict[str, Any],
        parameters: Mapping[str, float],
        dt: float | None,
        method: str | None,
        seed: int,
    ) -> None:
        """Take a checked document that nobody else holds."""
        self._schema = schema
        chosen = {"dt": dt, "method": method}
        dynamics = {k: v for k, v in chosen.items() if v is not None}
        effective = {**schema, "dynamics": {**schema["dynamics"], **dynamics}}
        self._neuron = EquationNeuron(model_of(effective).with_parameters(parameters), seed)

    @classmethod
    def from_schema(cls, source: str | Path, **options: Any) -> UniversalNeuron:
        """Create from a bundled name or a model file; ``options`` as for the constructor."""
        return UniversalNeuron(load_schema(source), **options)

    @classmethod
    def from_dict(cls, schema: Mapping[str, Any], **options: Any) -> UniversalNeuron:
        """Create from a model document in memory; ``options`` as for the constructor."""
        return UniversalNeuron(schema, **options)

    def step(self, **inputs: float) -> int:
        """Run one tick with inputs by name (``I=10.0``); return 1 if the neuron spikes."""
        return self._neuron.step(**inputs)

    def reset(self) -> None:
        """Return to the initial state."""
        self._neuron.reset()

    @property
    def state(self) -> dict[str, float]:
        """State values by name."""
        return self._neuron.state

    @property
    def name(self) -> str:
        """Name of the model."""
        return str(self._schema["model"]["name"])

    @property
    def doi(self) -> str | None:
        """DOI of the primary source, if the document gives one."""
        doi = self._schema.get("reference", {}).get("doi")
        return None if doi is None else str(doi)

    @property
    def schema(self) -> dict[str, Any]:
        """A copy of the model document."""
        return copy.deepcopy(self._schema)

    @property
    def extensions(self) -> dict[str, Any]:
        """A copy of the document's ``[extensions]`` table."""
        return copy.deepcopy(dict(self._schema.get("extensions", {})))

    def to_json(self) -> str:
        """The model document as JSON."""
        return schema_to_json(self._schema)

    def to_toml(self) -> str:
        """The model document as TOML."""
        return schema_to_toml(self._schema)

    def to_equation_neuron(self) -> EquationNeuron:
        """The neuron that this one steps (not a copy)."""
        return self._neuron

    def list_state_variables(self) -> list[str]:
        """Names of the states."""
        return list(self._neuron.model.state_names)

    def list_parameters(self) -> list[str]:
        """Names of the parameters."""
        return list(self._neuron.parameters)

    def list_equations(self) -> list[str]:
        """Right-hand sides of the state equations, in the order of the states."""
        return [self._neuron.equations[name] for name in self._neuron.model.state_names]

    def __repr__(self) -> str:
        model = self._neuron.model
        return (
            f"UniversalNeuron('{self.name}', states={list(model.state_names)}, "
            f"method='{model.method}', dt={model.dt:g})"
        )
