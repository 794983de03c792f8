"""The neuron catalogue: models as TOML files, and the Python objects that run them.

Besides the names below, every class that a model document names (``AdExNeuron``) is an attribute
of this module, made from the document when it is asked for. Names load when they are first used,
so that listing the catalogue loads no NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sc_neurocore.neurons._catalogue import (
        describe,
        load_hardware_model,
        load_model,
        validate_all_bundled,
        validate_schema,
        validate_schema_dict,
    )
    from sc_neurocore.neurons._descriptor import Descriptor, catalogue, tier
    from sc_neurocore.neurons._document import (
        ModelNotFoundError,
        list_bundled_schemas,
        load_schema,
        schema_to_json,
        schema_to_toml,
    )
    from sc_neurocore.neurons._equation import EquationNeuron, from_equations
    from sc_neurocore.neurons._faces import CatalogueNeuron, classes
    from sc_neurocore.neurons._fixed_point import FixedPointLFSR, FixedPointLIFNeuron
    from sc_neurocore.neurons._model import hardware_model_of, model_of
    from sc_neurocore.neurons._probe import TAGS, measure
    from sc_neurocore.neurons._protocol import Protocol, protocol_of, stimulus, ticks_of
    from sc_neurocore.neurons._scan import MEASURES, Scan, scan_model
    from sc_neurocore.neurons._shape import SchemaError, json_schema
    from sc_neurocore.neurons._siegert import SiegertTransferFunction, siegert_rate
    from sc_neurocore.neurons._stochastic import StochasticLIFNeuron
    from sc_neurocore.neurons._universal import UniversalNeuron

_MODULES = {
    "_catalogue": (
        "describe",
        "load_hardware_model",
        "load_model",
        "validate_all_bundled",
        "validate_schema",
        "validate_schema_dict",
    ),
    "_descriptor": (
        "Descriptor",
        "catalogue",
        "tier",
    ),
    "_document": (
        "ModelNotFoundError",
        "list_bundled_schemas",
        "load_schema",
        "schema_to_json",
        "schema_to_toml",
    ),
    "_equation": (
        "EquationNeuron",
        "from_equations",
    ),
    "_faces": (
        "CatalogueNeuron",
        "classes",
    ),
    "_fixed_point": (
        "FixedPointLFSR",
        "FixedPointLIFNeuron",
    ),
    "_model": (
        "hardware_model_of",
        "model_of",
    ),
    "_probe": (
        "TAGS",
        "measure",
    ),
    "_protocol": (
        "Protocol",
        "protocol_of",
        "stimulus",
        "ticks_of",
    ),
    "_scan": (
        "MEASURES",
        "Scan",
        "scan_model",
    ),
    "_shape": (
        "SchemaError",
        "json_schema",
    ),
    "_siegert": (
        "SiegertTransferFunction",
        "siegert_rate",
    ),
    "_stochastic": ("StochasticLIFNeuron",),
    "_universal": ("UniversalNeuron",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "MEASURES",
    "TAGS",
    "CatalogueNeuron",
    "Descriptor",
    "EquationNeuron",
    "FixedPointLFSR",
    "FixedPointLIFNeuron",
    "ModelNotFoundError",
    "Protocol",
    "Scan",
    "SchemaError",
    "SiegertTransferFunction",
    "StochasticLIFNeuron",
    "UniversalNeuron",
    "catalogue",
    "classes",
    "describe",
    "from_equations",
    "hardware_model_of",
    "json_schema",
    "list_bundled_schemas",
    "load_hardware_model",
    "load_model",
    "load_schema",
    "measure",
    "model_of",
    "protocol_of",
    "scan_model",
    "schema_to_json",
    "schema_to_toml",
    "siegert_rate",
    "stimulus",
    "ticks_of",
    "tier",
    "validate_all_bundled",
    "validate_schema",
    "validate_schema_dict",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return import_module(f"{__name__}._faces").face_attribute(__name__, name)


def __dir__() -> list[str]:
    from sc_neurocore.neurons._faces import classes

    return sorted({*globals(), *__all__, *classes()})
