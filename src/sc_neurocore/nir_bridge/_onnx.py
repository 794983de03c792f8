"""ONNX files of dense, convolutional and ReLU networks as spiking networks.

A ReLU becomes integrate-and-fire neurons with threshold 1 that are reset by subtraction, whose rate
of spikes per tick is the activation over a scale of its layer, as long as that is at most 1. The
scales come from data (Rueckauer et al. 2017, doi:10.3389/fnins.2017.00682) or from bounds that hold
for every input (Diehl et al. 2015, doi:10.1109/IJCNN.2015.7280696).
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError, SCDependencyError
from sc_neurocore.ir import (
    Affine,
    Conv1d,
    Conv2d,
    Edge,
    Graph,
    Input,
    LinearOp,
    Neurons,
    Node,
    Output,
    Scale,
)
from sc_neurocore.nir_bridge._onnx_layers import READERS, Array, Layer, Operator, Shape, shape_after

Coding = Literal["rate", "direct"]


def from_onnx(
    path: str | Path,
    *,
    coding: Coding = "rate",
    calibration: ArrayLike | None = None,
    percentile: float = 99.9,
    input_max: float = 1.0,
    ticks: int = 64,
    input_bits: int = 8,
    dt: float = 1e-3,
) -> Graph:
    """Read an ONNX model as a spiking network.

    The model is a chain of Gemm, MatMul, Conv, Add of a bias, BatchNormalization, Relu, Flatten,
    Reshape to a vector, AveragePool, GlobalAveragePool, Identity and Dropout. The network's input
    is that of the model over ``input_max``, a spike rate or a constant current from 0 to 1. What
    follows the last ReLU stays linear, and its mean over the ticks approximates the model's output;
    a model that ends in a ReLU gives spikes, whose rate times the ``activation_scale`` in the
    metadata of the last population does.

    Args:
        path: the file.
        coding: ``"rate"``: the input is spikes; ``"direct"``: it is a constant current.
        calibration: inputs of the model, (samples, *input shape): the scale of a layer is the
            ``percentile`` of its activations above 0; None for a scale that no input from 0 to
            ``input_max`` exceeds, which is safe and slow.
        percentile: 0 to 100, of the calibration.
        input_max: greatest input of the model; the least is 0.
        ticks: of an inference, as the graph's metadata state.
        input_bits: of an input's level, as the graph's metadata state.
        dt: seconds per tick.

    Raises:
        SCDependencyError: the package onnx is not installed.
        SCConfigError: the file is no ONNX model, or has an operator or a form that is not taken.
    """
    _check_options(coding, percentile, input_max, ticks, input_bits, dt)
    model = _load(Path(path))
    name, shape, layers = _read(model.graph)
    if not layers:
        raise SCConfigError(f"{path} has no operator that computes anything")
    scales = (
        _bounds(layers, shape, input_max)
        if calibration is None
        else _activations(layers, shape, _samples(calibration, shape, input_max), percentile)
    )
    metadata = {
        "ticks": ticks,
        "coding": coding,
        "input_bits": input_bits,
        "dt": dt,
        "reset": "subtract",
        "reset_when": "same_tick",
    }
    nodes = list(_nodes(_normalised(layers, scales, input_max), scales, shape, dt))
    edges = [Edge(a.id, b.id) for a, b in itertools.pairwise(nodes)]
    return Graph.of(name, nodes, edges, dt, {"sc_neurocore": json.dumps(metadata)})


def _check_options(
    coding: Any, percentile: float, input_max: float, ticks: int, input_bits: int, dt: float
) -> None:
    if coding not in get_args(Coding):
        raise SCConfigError(
            f"coding is {coding!r}; it must be one of {', '.join(get_args(Coding))}"
        )
    if not 0 < percentile <= 100:
        raise SCConfigError(f"percentile is {percentile!r}; it must be above 0 and at most 100")
    for what, value in (("input_max", input_max), ("dt", dt)):
        if not (math.isfinite(value) and value > 0):
            raise SCConfigError(f"{what} is {value!r}; it must be a positive number")
    for what, count, most in (("ticks", ticks, 2**31), ("input_bits", input_bits, 15)):
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= most:
            raise SCConfigError(f"{what} is {count!r}; it must be from 1 to {most}")


# --- reading -------------------------------------------------------------------------------------


def _load(path: Path) -> Any:
    try:
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    except ImportError:
        raise SCDependencyError(
            "reading ONNX needs the package onnx; run `pip install 'sc-neurocore[onnx]'`"
        ) from None
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except OSError as error:
        raise SCConfigError(f"{path} cannot be read: {error.strerror or error}") from None
    except (DecodeError, onnx.checker.ValidationError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SCConfigError(f"{path} is no valid ONNX model: {reason}") from None
    return model


def _read(graph: Any) -> tuple[str, Shape, list[Layer]]:
    """Name, input shape and layers of a model's chain of operators."""
    for index, node in enumerate(graph.node):
        if node.domain not in ("", "ai.onnx") or node.op_type not in (*READERS, "Constant"):
            raise SCConfigError(
                f"ONNX node '{_name(node, index)}' is a {node.op_type}, which is not supported; "
                f"the supported operators are {', '.join(READERS)}"
            )
    constants = _constants(graph)
    inputs = [value for value in graph.input if value.name not in constants]
    if len(inputs) != 1 or len(graph.output) != 1:
        raise SCConfigError(
            f"the ONNX model has {len(inputs)} inputs and {len(graph.output)} outputs; it must "
            "have one of each"
        )
    shape, current, layers = _input_shape(inputs[0]), inputs[0].name, list[Layer]()
    users: dict[str, list[tuple[int, Any]]] = {}
    for index, node in enumerate(graph.node):
        for tensor in set(node.input):
            users.setdefault(tensor, []).append((index, node))
    target = graph.output[0].name
    while current != target:
        found = users.get(current, [])
        if len(found) != 1:
            raise SCConfigError(
                f"ONNX tensor '{current}' feeds {len(found)} nodes; only a chain of operators from "
                "the input to the output is supported"
            )
        index, node = found[0]
        decoded = _decoded(node, index, current, constants, shape_after("", layers, shape))
        layers = READERS[node.op_type](decoded, layers)
        shape_after(decoded.name, layers, shape)
        current = node.output[0]
    return _identifier(graph.name) or "onnx", shape, layers


def _name(node: Any, index: int) -> str:
    return str(node.name) or f"{node.op_type}_{index}"


def _identifier(text: Any) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", str(text)).strip("_")  # bytes where it is no UTF-8


def _constants(graph: Any) -> dict[str, NDArray[Any]]:
    from onnx import helper

    found = {tensor.name: _array(tensor, str(tensor.name)) for tensor in graph.initializer}
    for index, node in enumerate(graph.node):
        if node.op_type == "Constant":
            attribute = node.attribute[0]
            value = helper.get_attribute_value(attribute)
            if attribute.name == "value":
                value = _array(value, _name(node, index))
            elif attribute.name not in ("value_float", "value_floats", "value_int", "value_ints"):
                raise SCConfigError(f"ONNX node '{_name(node, index)}' (Constant) holds no numbers")
            found[node.output[0]] = np.asarray(value)
        elif node.op_type == "Identity" and node.input[0] in found:
            found[node.output[0]] = found[node.input[0]]
    return found


def _array(tensor: Any, name: str) -> NDArray[Any]:
    from onnx import numpy_helper

    try:
        array = np.asarray(numpy_helper.to_array(tensor))
    except (KeyError, TypeError, ValueError):
        raise SCConfigError(f"ONNX tensor '{name}' is damaged: its type or size is wrong") from None
    if array.dtype.kind == "O":
        raise SCConfigError(f"ONNX tensor '{name}' holds no numbers")
    return array


def _input_shape(value: Any) -> Shape:
    dimensions = value.type.tensor_type.shape.dim
    sizes = [d.dim_value if d.HasField("dim_value") else 0 for d in dimensions]
    if len(sizes) < 2 or min(sizes[1:]) < 1:
        raise SCConfigError(
            f"ONNX input '{value.name}' has shape {sizes} (0: not fixed); it must be a batch of "
            "fixed shape; export the model with one"
        )
    return tuple(int(n) for n in sizes[1:])


def _decoded(
    node: Any, index: int, current: str, constants: Mapping[str, NDArray[Any]], shape: Shape
) -> Operator:
    from onnx import helper

    data = list(node.input).index(current)
    return Operator(
        name=_name(node, index),
        kind=node.op_type,
        attributes={a.name: helper.get_attribute_value(a) for a in node.attribute},
        constants={i: constants[name] for i, name in enumerate(node.input) if name in constants},
        given=frozenset(i for i, name in enumerate(node.input) if name),
        data=data,
        shape=shape,
    )


# --- scales --------------------------------------------------------------------------------------


def _samples(calibration: ArrayLike, shape: Shape, input_max: float) -> Array:
    try:
        samples = np.asarray(calibration, np.float64)
    except (TypeError, ValueError):
        raise SCConfigError("calibration must hold numbers, all samples of one shape") from None
    if samples.ndim != len(shape) + 1 or samples.shape[1:] != shape or not len(samples):
        raise SCConfigError(
            f"calibration has shape {samples.shape}; it must be (samples, "
            f"{', '.join(map(str, shape))})"
        )
    if not (np.isfinite(samples).all() and samples.min() >= 0 and samples.max() <= input_max):
        raise SCConfigError(
            f"calibration holds values outside 0 to input_max, which is {input_max:g}; scale the "
            "data or give input_max"
        )
    return samples


def _activations(layers: Sequence[Layer], shape: Shape, x: Array, percentile: float) -> list[float]:
    """Scale of each ReLU: a percentile of its activations above 0."""
    scales = []
    for layer in layers:
        if layer.op is not None:
            x = layer.op.apply(x)
        else:
            x = np.maximum(x, 0.0)
            above = x[x > 0]
            scales.append(float(np.percentile(above, percentile)) if above.size else 1.0)
    return scales


def _bounds(layers: Sequence[Layer], shape: Shape, input_max: float) -> list[float]:
    """Scale of each ReLU: what no input exceeds, by interval arithmetic from layer to layer."""
    low, high = np.zeros((1, *shape)), np.full((1, *shape), input_max)
    scales = []
    for layer in layers:
        if layer.op is not None:
            low, high = _interval(layer.op, low, high)
        else:
            low, high = np.maximum(low, 0.0), np.maximum(high, 0.0)
            scales.append(float(high.max()) or 1.0)
    return scales


def _interval(op: LinearOp, low: Array, high: Array) -> tuple[Array, Array]:
    if not isinstance(op, Affine | Conv1d | Conv2d):
        return op.linear(low), op.linear(high)
    rising = replace(op, weight=np.maximum(op.weight, 0.0))
    falling = replace(op, weight=np.minimum(op.weight, 0.0))
    bias = op.offset()
    offset = 0.0 if bias is None else bias
    return (
        rising.linear(low) + falling.linear(high) + offset,
        rising.linear(high) + falling.linear(low) + offset,
    )


def _normalised(layers: Sequence[Layer], scales: Sequence[float], input_max: float) -> list[Layer]:
    """The layers in units of the scales: activations are rates, the output is the model's."""
    left = [*scales, 1.0]
    before, result, scaled = input_max, list[Layer](), False
    for layer in layers:
        after = left[0]
        if layer.op is None:
            before, scaled = left.pop(0), False
        elif isinstance(layer.op, Affine | Conv1d | Conv2d):
            # The first weights of a segment carry it from one scale to the next.
            factor = 1.0 if scaled else before / after
            bias = layer.op.bias
            op = replace(
                layer.op,
                weight=layer.op.weight * factor,
                bias=None if bias is None else bias / after,
            )
            layer, scaled = replace(layer, op=op), True
        result.append(layer)
    if layers[-1].op is not None and not scaled:
        # Nothing but pooling behind the last ReLU: its scale is still to be undone.
        result.append(Layer("scale", Scale(np.array(before))))
    return result


def _nodes(
    layers: Sequence[Layer], scales: Sequence[float], shape: Shape, dt: float
) -> Iterator[Node]:
    left = iter(scales)
    names = _unique(layer.name for layer in layers)
    yield Node("input", Input(shape))
    for layer, name in zip(layers, names, strict=True):
        if layer.op is not None:
            shape = layer.op.gives(shape)
            yield Node(name, layer.op)
            continue
        parameters = {"r": 1.0 / dt, "v_threshold": 1.0, "v_reset": 0.0}
        arrays = {key: np.full(shape, value) for key, value in parameters.items()}
        yield Node(name, Neurons("if", arrays, shape), metadata={"activation_scale": next(left)})
    yield Node("output", Output(shape))


def _unique(names: Iterator[str]) -> list[str]:
    found = ["input", "output"]
    for name in names:
        base = _identifier(name)
        if not base or base[0].isdigit():
            base = f"node_{base}".rstrip("_")
        found.append(
            next(
                candidate
                for n in range(len(found) + 1)
                if (candidate := f"{base}_{n}" if n else base) not in found
            )
        )
    return found[2:]
