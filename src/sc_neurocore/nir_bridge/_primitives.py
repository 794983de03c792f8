"""The NIR primitives and the operations of the graph, each as the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from sc_neurocore.ir import (
    DEFAULTS,
    KINDS,
    Affine,
    AvgPool2d,
    Conv1d,
    Conv2d,
    Delay,
    Flatten,
    Input,
    Kind,
    Neurons,
    Op,
    Output,
    Scale,
    SumPool2d,
    Threshold,
)
from sc_neurocore.nir_bridge._errors import NIRError

_KIND_OF: Mapping[str, Kind] = {
    "LIF": "lif",
    "IF": "if",
    "LI": "li",
    "I": "i",
    "CubaLIF": "cuba_lif",
    "CubaLI": "cuba_li",
}
_TYPE_OF = {kind: name for name, kind in _KIND_OF.items()}

#: Fields of each primitive: those it must have, then those it may have.
FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Input": ((), ("shape",)),
    "Output": ((), ("shape",)),
    "Affine": (("weight", "bias"), ()),
    "Linear": (("weight",), ()),
    "Scale": (("scale",), ()),
    "Conv1d": (
        ("weight", "stride", "padding", "dilation", "groups"),
        ("bias", "input_shape"),
    ),
    "Conv2d": (
        ("weight", "stride", "padding", "dilation", "groups"),
        ("bias", "input_shape"),
    ),
    "SumPool2d": (("kernel_size", "stride", "padding"), ()),
    "AvgPool2d": (("kernel_size", "stride", "padding"), ()),
    "Flatten": ((), ("start_dim", "end_dim", "input_type")),
    "Delay": (("delay",), ()),
    "Threshold": (("threshold",), ()),
    **{
        name: (
            tuple(p for p in KINDS[kind] if p not in DEFAULTS),
            tuple(p for p in KINDS[kind] if p in DEFAULTS),
        )
        for name, kind in _KIND_OF.items()
    },
}

PRIMITIVES = tuple(FIELDS)


def op_of(node: str, type_name: str, fields: Mapping[str, Any]) -> Op:
    """The operation of a primitive.

    Args:
        node: its name, for messages.
        type_name: of the primitive.
        fields: what it holds, without ``type`` and ``metadata``; None counts as missing.

    Raises:
        NIRError: unknown primitive, missing, unknown or malformed field.
    """
    if type_name not in FIELDS:
        allowed = ", ".join((*PRIMITIVES, "NIRGraph"))
        raise NIRError(
            f"Node {node!r} is a {type_name!r}, no primitive of NIR; those are {allowed}."
        )
    required, optional = FIELDS[type_name]
    given = {name: value for name, value in fields.items() if value is not None}
    for name in required:
        if name not in given:
            raise NIRError(f"Node {node!r} ({type_name}) lacks the field {name!r}.")
    for name in given:
        if name not in (*required, *optional):
            known = ", ".join((*required, *optional))
            raise NIRError(
                f"Node {node!r} ({type_name}) has an unknown field {name!r}; known are {known}."
            )
    values = {name: _value(node, name, value) for name, value in given.items()}
    if type_name in _KIND_OF:
        return _neurons(node, _KIND_OF[type_name], values)
    return _plain(type_name, values)


def _plain(type_name: str, values: dict[str, Any]) -> Op:
    if type_name in ("Affine", "Linear"):
        return Affine(values["weight"], values.get("bias"))
    if type_name in ("Conv1d", "Conv2d"):
        conv = Conv1d if type_name == "Conv1d" else Conv2d
        return conv(
            values["weight"],
            values.get("bias"),
            values["stride"],
            values["padding"],
            values["dilation"],
            values["groups"],
            values.get("input_shape"),
        )
    if type_name in ("SumPool2d", "AvgPool2d"):
        pool = SumPool2d if type_name == "SumPool2d" else AvgPool2d
        return pool(values["kernel_size"], values["stride"], values["padding"])
    if type_name == "Flatten":
        return Flatten(
            values.get("start_dim", 1), values.get("end_dim", -1), values.get("input_type")
        )
    if type_name in ("Input", "Output"):
        return (Input if type_name == "Input" else Output)(values.get("shape"))
    if type_name == "Scale":
        return Scale(values["scale"])
    return Delay(values["delay"]) if type_name == "Delay" else Threshold(values["threshold"])


def _neurons(node: str, kind: Kind, values: dict[str, Any]) -> Neurons:
    """A population; parameters of one element among longer ones are scalars."""
    shapes = {value.shape for value in values.values() if value.size != 1}
    if len(shapes) == 1:
        values = {k: v.reshape(()) if v.size == 1 else v for k, v in values.items()}
    return Neurons(kind, values)


_WHOLE = frozenset(
    {"stride", "dilation", "groups", "input_shape", "kernel_size", "shape", "input_type"}
    | {"start_dim", "end_dim"}
)


def _value(node: str, name: str, value: Any) -> Any:
    """A field as numbers of the right kind, or as text for a padding."""
    if name == "padding" and isinstance(value, (str, bytes)):
        return value.decode() if isinstance(value, bytes) else value
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.array(None)
    if array.size == 0 and array.dtype.kind == "f":
        array = array.astype(np.int64) if name in _WHOLE else array
    if array.dtype.kind not in "iufb":
        raise NIRError(f"Node {node!r}: field {name!r} must hold numbers, not {array.dtype}.")
    if name in _WHOLE or name == "padding":
        if not np.all(np.isfinite(array)) or np.any(array != np.floor(array)):
            raise NIRError(f"Node {node!r}: field {name!r} must hold whole numbers.")
        if name in ("groups", "start_dim", "end_dim") and array.size != 1:
            raise NIRError(f"Node {node!r}: field {name!r} must be one whole number.")
        whole = array.astype(np.int64)
        return whole.reshape(()) if name in ("groups", "start_dim", "end_dim") else whole
    return array


def primitive_of(op: Op) -> tuple[str, dict[str, Any]]:
    """The type name and the fields of the primitive for an operation.

    Raises:
        TypeError: the operation is none of NIR's (`Projection`, `Subgraph`).
    """
    if isinstance(op, (Input, Output)):
        shape = None if op.shape is None else np.array(op.shape, dtype=np.int64)
        return type(op).__name__, {"shape": shape}
    if isinstance(op, Affine):
        return (
            ("Linear", {"weight": op.weight})
            if op.bias is None
            else (
                "Affine",
                {"weight": op.weight, "bias": op.bias},
            )
        )
    if isinstance(op, Scale):
        return "Scale", {"scale": op.scale}
    if isinstance(op, (Conv1d, Conv2d)):
        return _conv_fields(op)
    if isinstance(op, (SumPool2d, AvgPool2d)):
        return type(op).__name__, {
            "kernel_size": np.array(op.kernel),
            "stride": np.array(op.stride),
            "padding": np.array(op.padding),
        }
    if isinstance(op, Flatten):
        fields: dict[str, Any] = {"start_dim": op.start_dim, "end_dim": op.end_dim}
        shape = None if op.input_shape is None else np.array(op.input_shape, dtype=np.int64)
        return "Flatten", fields | {"input_type": shape}
    if isinstance(op, Delay):
        return "Delay", {"delay": op.delay}
    if isinstance(op, Threshold):
        return "Threshold", {"threshold": op.threshold}
    if isinstance(op, Neurons) and op.kind == "threshold":
        return "Threshold", {"threshold": op.parameters["threshold"]}
    if isinstance(op, Neurons):
        return _TYPE_OF[op.kind], _parameters(op)
    raise TypeError(f"{type(op).__name__} is no NIR primitive")


def _parameters(op: Neurons) -> dict[str, Any]:
    """Parameters in one shape, as NIR asks; what the population leaves out stays out."""
    return {name: np.broadcast_to(v, op.shape or ()).copy() for name, v in op.parameters.items()}


def _conv_fields(op: Conv1d | Conv2d) -> tuple[str, dict[str, Any]]:
    # NIR knows no convolution without a bias.
    bias = np.zeros(op.weight.shape[0]) if op.bias is None else op.bias

    def sized(value: tuple[int, ...] | str | None) -> Any:
        if value is None or isinstance(value, str):
            return value
        return value[0] if op.rank == 1 else tuple(value)

    return type(op).__name__, {
        "input_shape": sized(op.input_shape),
        "weight": op.weight,
        "stride": sized(op.stride),
        "padding": sized(cast("tuple[int, ...] | str", op.padding)),
        "dilation": sized(op.dilation),
        "groups": op.groups,
        "bias": bias,
    }
