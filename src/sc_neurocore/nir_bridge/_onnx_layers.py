"""ONNX operators of dense, convolutional and ReLU networks as the graph's linear operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Affine, AvgPool2d, Conv1d, Conv2d, Flatten, LinearOp

Array = NDArray[np.float64]
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Layer:
    """One step of a chain of operators.

    Attributes:
        name: of the ONNX node.
        op: the linear operation, or None for a ReLU.
    """

    name: str
    op: LinearOp | None


@dataclass(frozen=True, eq=False)
class Operator:
    """An ONNX node, decoded.

    Attributes:
        name: of the node, or its place.
        kind: its operator.
        attributes: by name.
        constants: its constant inputs by position.
        given: positions of the inputs that are not left out.
        data: position of the input that is the activation.
        shape: of the activation, without the batch.
    """

    name: str
    kind: str
    attributes: Mapping[str, Any]
    constants: Mapping[int, NDArray[Any]]
    given: frozenset[int]
    data: int
    shape: Shape

    def refuse(self, problem: str) -> SCConfigError:
        """The error of a node that cannot be taken over."""
        return SCConfigError(f"ONNX node '{self.name}' ({self.kind}) {problem}")

    def weights(self, index: int, what: str) -> Array:
        """A constant input as finite float64.

        Raises:
            SCConfigError: it is not constant, or not finite.
        """
        if index not in self.constants:
            raise self.refuse(f"has a {what} that is not constant; only constant ones are taken")
        with np.errstate(invalid="ignore"):  # NaN is refused below, in words
            array = np.asarray(self.constants[index], np.float64)
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            where = list(map(int, bad[0]))
            raise self.refuse(f"has {array[tuple(bad[0])]} in its {what} at {where}; it is finite")
        return array

    def bias(self) -> Array | None:
        """The third input, if it is there."""
        return self.weights(2, "bias") if 2 in self.given else None

    def pairs(self, kernel: Shape, dilation: Shape) -> Shape | str:
        """Padding of windows, per axis, equal on both sides.

        Raises:
            SCConfigError: it differs between the sides.
        """
        rank = len(kernel)
        automatic = self.attributes.get("auto_pad", b"NOTSET").decode(errors="replace")
        if automatic == "VALID":
            return (0,) * rank
        if automatic != "NOTSET":
            strides = self.attributes.get("strides", [1] * rank)
            total = [
                max((-(-size // step) - 1) * step + reach * (k - 1) + 1 - size, 0)
                for size, step, k, reach in zip(
                    self.shape[1:], strides, kernel, dilation, strict=True
                )
            ]
            first = [n // 2 if automatic == "SAME_UPPER" else n - n // 2 for n in total]
            pads = [*first, *(n - f for n, f in zip(total, first, strict=True))]
        else:
            pads = list(self.attributes.get("pads", [0] * 2 * rank))
        if len(pads) != 2 * rank or pads[:rank] != pads[rank:] or min(pads) < 0:
            raise self.refuse(f"pads {pads[:rank]} before and {pads[rank:]} after; both must agree")
        return tuple(int(n) for n in pads[:rank])


#: A decoded node and the layers before it, as the layers with it.
Reader = Callable[[Operator, list[Layer]], list[Layer]]


def _append(node: Operator, layers: list[Layer], op: LinearOp) -> list[Layer]:
    """The layers and one more.

    Raises:
        SCConfigError: a field of it is wrong.
    """
    for field, problem in op.check():
        raise node.refuse(f"has an invalid {field}: it {problem}")
    return [*layers, Layer(node.name, op)]


def _last(node: Operator, layers: list[Layer]) -> Affine | Conv1d | Conv2d:
    """The weights right before a node.

    Raises:
        SCConfigError: another operator is there.
    """
    op = layers[-1].op if layers else None
    if not isinstance(op, Affine | Conv1d | Conv2d):
        raise node.refuse("must follow a Gemm, MatMul or Conv")
    return op


def _vector(node: Operator) -> int:
    if len(node.shape) != 1:
        raise node.refuse(f"takes a vector, but its input has shape {node.shape}; flatten it first")
    return node.shape[0]


def _gemm(node: Operator, layers: list[Layer]) -> list[Layer]:
    attributes, inputs = node.attributes, _vector(node)
    if node.data != 0 or attributes.get("transA", 0):
        raise node.refuse("multiplies by the activation from the other side")
    matrix = node.weights(1, "matrix") * attributes.get("alpha", 1.0)
    weight = matrix if attributes.get("transB", 0) else matrix.T
    weight, bias = _fitting(node, weight, inputs), node.bias()
    if bias is not None:
        if bias.size not in (1, len(weight)):
            raise node.refuse(f"has a bias of shape {bias.shape}, but {len(weight)} outputs")
        bias = np.broadcast_to(bias.reshape(-1) * attributes.get("beta", 1.0), weight.shape[:1])
    return _append(node, layers, Affine(weight, bias))


def _matmul(node: Operator, layers: list[Layer]) -> list[Layer]:
    inputs = _vector(node)
    if node.data != 0:
        raise node.refuse("multiplies by the activation from the other side")
    return _append(node, layers, Affine(_fitting(node, node.weights(1, "matrix").T, inputs)))


def _fitting(node: Operator, weight: Array, inputs: int) -> Array:
    if weight.ndim != 2 or weight.shape[1] != inputs:
        raise node.refuse(f"has a matrix of shape {weight.T.shape}, but {inputs} inputs")
    return weight


def _add(node: Operator, layers: list[Layer]) -> list[Layer]:
    op = _last(node, layers)
    constant = node.weights(1 - node.data, "summand")
    channels = op.weight.shape[0]
    # A bias has one number per channel: (C,) behind a matrix, (1, C, 1, …) behind a convolution.
    try:
        spread = np.broadcast_to(constant, (1, *node.shape)).reshape(channels, -1)
    except ValueError:
        raise node.refuse(f"adds {constant.shape} to a signal of shape {node.shape}") from None
    if np.any(spread != spread[:, :1]):
        raise node.refuse("adds different numbers within a channel; only a bias can be added")
    bias = spread[:, 0] + (0.0 if op.bias is None else op.bias)
    return [*layers[:-1], replace(layers[-1], op=replace(op, bias=bias))]


def _conv(node: Operator, layers: list[Layer]) -> list[Layer]:
    weight = node.weights(1, "kernel")
    rank = weight.ndim - 2
    if rank not in (1, 2):
        raise node.refuse(f"has {rank} spatial axes; 1 and 2 are taken")
    if len(node.shape) != rank + 1:
        raise node.refuse(f"has {rank} spatial axes, but its input has shape {node.shape}")
    dilation = tuple(node.attributes.get("dilations", [1] * rank))
    op = (Conv1d if rank == 1 else Conv2d)(
        weight,
        node.bias(),
        tuple(node.attributes.get("strides", [1] * rank)),
        node.pairs(weight.shape[2:], dilation),  # type: ignore[arg-type]
        dilation,
        node.attributes.get("group", 1),
        node.shape[1:],
    )
    return _append(node, layers, op)


def _batch_normalisation(node: Operator, layers: list[Layer]) -> list[Layer]:
    """Folded into the weights before it, or a diagonal of its own."""
    scale, bias, mean, variance = (
        node.weights(i, w) for i, w in enumerate(("scale", "bias", "mean", "variance"), start=1)
    )
    if node.attributes.get("training_mode", 0):
        raise node.refuse("is in training mode; export the model for inference")
    channels = node.shape[0]
    if any(array.shape != (channels,) for array in (scale, bias, mean, variance)):
        raise node.refuse(f"has parameters of other sizes than its {channels} channels")
    if np.any(variance < 0):
        raise node.refuse("has a negative variance")
    factor = scale / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    last = layers[-1].op if layers else None
    if isinstance(last, Affine | Conv1d | Conv2d):
        weight = last.weight * factor.reshape(-1, *[1] * (last.weight.ndim - 1))
        before = 0.0 if last.bias is None else last.bias
        op = replace(last, weight=weight, bias=(before - mean) * factor + bias)
        return [*layers[:-1], replace(layers[-1], op=op)]
    shift = bias - mean * factor
    rank = len(node.shape) - 1
    if rank == 0:
        return _append(node, layers, Affine(np.diag(factor), shift))
    if rank > 2:
        raise node.refuse(f"has {rank} spatial axes; up to 2 are taken")
    kernel = factor.reshape(-1, 1, *[1] * rank)
    conv = Conv1d if rank == 1 else Conv2d
    diagonal = conv(kernel, shift, groups=len(factor), input_shape=node.shape[1:])
    return _append(node, layers, diagonal)


def _average_pool(node: Operator, layers: list[Layer]) -> list[Layer]:
    kernel = tuple(node.attributes["kernel_shape"])
    if len(kernel) != 2 or len(node.shape) != 3:
        raise node.refuse(f"has {len(kernel)} spatial axes on shape {node.shape}; 2 are taken")
    if node.attributes.get("ceil_mode", 0):
        raise node.refuse("rounds sizes up (ceil_mode); only windows that fit are taken")
    if any(n != 1 for n in node.attributes.get("dilations", [1, 1])):
        raise node.refuse("has dilated windows; only plain ones are taken")
    padding = node.pairs(kernel, (1, 1))
    if any(padding) and not node.attributes.get("count_include_pad", 0):
        raise node.refuse("leaves padding out of its means; only count_include_pad=1 is taken")
    stride = tuple(node.attributes.get("strides", [1, 1]))
    return _append(node, layers, AvgPool2d(kernel, stride, padding, node.shape))  # type: ignore[arg-type]


def _global_average_pool(node: Operator, layers: list[Layer]) -> list[Layer]:
    if len(node.shape) != 3:
        raise node.refuse(f"takes (C, H, W), but its input has shape {node.shape}")
    return _append(node, layers, AvgPool2d(node.shape[1:], node.shape[1:], (0, 0), node.shape))


def _flatten(node: Operator, layers: list[Layer]) -> list[Layer]:
    if node.attributes.get("axis", 1) not in (1, -len(node.shape)):
        raise node.refuse(f"flattens from axis {node.attributes['axis']}; it must be 1")
    if len(node.shape) == 1:
        return layers
    return _append(node, layers, Flatten(0, -1, node.shape))


def _reshape(node: Operator, layers: list[Layer]) -> list[Layer]:
    if 1 not in node.constants:
        raise node.refuse("has a shape that is not constant; export the model with fixed shapes")
    shape = node.constants[1].reshape(-1).tolist()
    size = int(np.prod(node.shape))
    if len(shape) != 2 or shape[1] not in (-1, size) or shape == [-1, -1]:
        raise node.refuse(f"reshapes to {shape}; only flattening to (batch, {size}) is taken")
    return layers if len(node.shape) == 1 else _append(node, layers, Flatten(0, -1, node.shape))


def _relu(node: Operator, layers: list[Layer]) -> list[Layer]:
    """A rectifier; right behind another, with or without pooling between, it changes nothing."""
    since = 0
    for layer in reversed(layers):
        if layer.op is None:
            break
        since += isinstance(layer.op, Affine | Conv1d | Conv2d)
    return [*layers, Layer(node.name, None)] if since else layers


def _identity(node: Operator, layers: list[Layer]) -> list[Layer]:
    if node.kind == "Dropout" and bool(node.constants.get(2, np.False_)):
        raise node.refuse("is in training mode; export the model for inference")
    return layers


#: How each operator is read.
READERS: Mapping[str, Reader] = {
    "Add": _add,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalisation,
    "Conv": _conv,
    "Dropout": _identity,
    "Flatten": _flatten,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_average_pool,
    "Identity": _identity,
    "MatMul": _matmul,
    "Relu": _relu,
    "Reshape": _reshape,
}


def shape_after(name: str, layers: Sequence[Layer], shape: Shape) -> Shape:
    """Shape of the activation behind some layers.

    Raises:
        SCConfigError: a layer does not take what comes.
    """
    for layer in layers:
        if layer.op is not None:
            try:
                shape = layer.op.gives(shape)
            except ValueError as error:
                raise SCConfigError(f"ONNX node '{name}' {error}") from None
    return shape
