"""The form of an SC-NIR document, checked on its decoded JSON; nothing passes by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sc_neurocore.bitstream import SOBOL_DIMENSIONS
from sc_neurocore.ir._scnir_checks import (
    Check,
    array,
    boolean,
    fraction,
    hdl_name,
    identity,
    number,
    object_of,
    one_of,
    optional,
    positive,
    prime,
    require_object,
    scalar_or_vector,
    text,
    whole,
)
from sc_neurocore.ir._scnir_document import (
    SCNIR_VERSION,
    Direction,
    Encoding,
    LearningRule,
    SignalKind,
    SourceKind,
)
from sc_neurocore.ir._scnir_relations import check_relations

#: Longest stream, and widest number, of `sc_neurocore.bitstream`.
_MAX_LENGTH = 1 << 32
_MAX_WIDTH = 32


def validate_scnir_dict(payload: Any) -> None:
    """Check a decoded document of the current version.

    Raises:
        SCNIRValidationError: the first rule it breaks, with the path of the field.
    """
    _document(payload, "document")
    check_relations(payload)


#: Fields of each kind of source besides ``kind``.
_SOURCES: Mapping[str, Mapping[str, Check]] = {
    "lfsr": {"width": whole(3, _MAX_WIDTH), "seed": whole(1)},
    "sobol": {
        "width": whole(2, _MAX_WIDTH),
        "dimension": whole(1, SOBOL_DIMENSIONS),
        "seed": whole(0),
    },
    "halton": {"width": whole(1, _MAX_WIDTH), "base": prime},
    "counter": {"width": whole(1, _MAX_WIDTH)},
    "random": {"width": whole(1, _MAX_WIDTH), "seed": whole(0)},
}


def _source(value: Any, path: str) -> None:
    every = {name for fields in _SOURCES.values() for name in fields}
    if not isinstance(value, Mapping) or "kind" not in value:
        present = every.intersection(value) if isinstance(value, Mapping) else ()
        require_object(value, path, ("kind", *present))
    kind = one_of(SourceKind)
    kind(value["kind"], f"{path}.kind")
    object_of({"kind": kind, **_SOURCES[value["kind"]]})(value, path)


_STREAM: Mapping[str, Check] = {
    "id": identity,
    "signal_kind": one_of(SignalKind),
    "encoding": one_of(Encoding),
    "bitstream_length": whole(1, _MAX_LENGTH),
    "precision": object_of(
        {
            "total_bits": whole(1),
            "fraction_bits": whole(0),
            "signed": boolean,
            "accumulator_bits": whole(1),
        }
    ),
    "source": _source,
    "delay_steps": scalar_or_vector(whole(0)),
    "transforms": array(
        object_of({"kind": one_of("threshold"), "threshold": scalar_or_vector(number)})
    ),
    "correlation": array(object_of({"stream": identity, "max_abs_scc": fraction})),
    "online_learning": optional(
        object_of(
            {
                "rule": one_of(LearningRule),
                "learning_rate": positive,
                "weight_min": number,
                "weight_max": number,
            }
        )
    ),
}

_PORT: Mapping[str, Check] = {
    "name": hdl_name,
    "direction": one_of(Direction),
    "signal_kind": one_of(SignalKind),
    "stream": identity,
}

_document = object_of(
    {
        "version": one_of(SCNIR_VERSION),
        "name": text,
        "streams": array(object_of(_STREAM), least=1),
        "hierarchy": array(
            object_of(
                {
                    "id": identity,
                    "module": hdl_name,
                    "instance": hdl_name,
                    "ports": array(object_of(_PORT), least=1),
                }
            )
        ),
    }
)
