"""Trained networks as NIR."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from sc_neurocore.exceptions import SCConfigError, SCDependencyError
from sc_neurocore.training._cell import Cell
from sc_neurocore.training._quantised import Quantised
from sc_neurocore.training.encoding import InputCoding
from sc_neurocore.training.snn_modules import FeedForward

Shape = tuple[int, ...]


def to_nir(
    network: FeedForward,
    coding: InputCoding,
    *,
    input_shape: tuple[int, ...] | None = None,
    dt: float = 1e-3,
    dataset: str | None = None,
) -> Any:
    """A network as `nir.NIRGraph`: a chain of ``Linear``, ``Conv2d``, ``Flatten`` and ``LIF``.

    Weights are exported on their integer grid. With ``tau = dt/leak`` and ``r = 1/leak`` the gain
    ``r·dt/tau`` is 1, so weights act as trained. ``metadata["sc_neurocore"]`` is a JSON object:
    ``ticks``, ``coding``, ``input_bits``, ``dt``, ``reset``, ``reset_when``, ``dataset``, and by
    name of the node ``weight_bits`` and ``weight_scale`` (value of one integer unit).

    Args:
        network: synapses of `QuantLinear`, `QuantConv2d`, their stochastic forms, `nn.Linear` and
            `nn.Conv2d` without bias, and ``nn.Flatten(2)``; cells of `lif_model`.
        coding: how samples reach the network.
        input_shape: shape of a sample; needed when the first layer is a convolution.
        dt: seconds per tick.
        dataset: name of the data that the network was trained on.

    Raises:
        SCConfigError: a layer has no NIR form here, or ``input_shape`` is missing.
        SCDependencyError: the package ``nir`` is missing.
    """
    try:
        import nir
    except ImportError:
        raise SCDependencyError(
            "NIR needs the packages nir and h5py; install them with: "
            "pip install 'sc-neurocore[nir]'"
        ) from None
    shape = _first_shape(network) if input_shape is None else input_shape
    nodes: dict[str, Any] = {"input": nir.Input(input_type=np.array(shape))}
    bits: dict[str, int] = {}
    scales: dict[str, float] = {}
    resets = set()
    for i, (synapses, cell) in enumerate(zip(network.synapses, network.cells, strict=True), 1):
        assert isinstance(cell, Cell)
        for module in synapses if isinstance(synapses, nn.Sequential) else [synapses]:
            kind, node, shape = _synapses(module, shape, i)
            nodes[f"{kind}{i}"] = node
            if isinstance(module, Quantised):
                bits[f"{kind}{i}"], scales[f"{kind}{i}"] = module.bits, float(module.scale)
        nodes[f"lif{i}"] = _neurons(cell, shape, dt)
        resets.add("v_reset" not in cell.model.parameter_values)
    if len(resets) != 1:
        raise SCConfigError("the layers have different resets; one file states one")
    nodes["output"] = nir.Output(output_type=np.array(shape))
    facts = {
        "ticks": coding.ticks,
        "coding": coding.coding,
        "input_bits": coding.bits,
        "dt": dt,
        "reset": "subtract" if resets.pop() else "reset",
        "reset_when": "same_tick",
        "weight_bits": bits,
        "weight_scale": scales,
    }
    if dataset is not None:
        facts["dataset"] = dataset
    return nir.NIRGraph(
        nodes=nodes,
        edges=list(itertools.pairwise(nodes)),
        metadata={"sc_neurocore": json.dumps(facts)},
    )


def _first_shape(network: FeedForward) -> Shape:
    first = network.synapses[0]
    weight = getattr(first, "weight", None)
    if weight is None or weight.dim() != 2:
        raise SCConfigError(
            "the first layer does not state the shape of a sample; give input_shape, such as "
            "(1, 28, 28)"
        )
    return (int(weight.shape[1]),)


def _synapses(module: nn.Module, shape: Shape, layer: int) -> tuple[str, Any, Shape]:
    """Kind, NIR node and output shape of one module."""
    import nir

    if isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) == (2, -1):
        node = nir.Flatten(input_type={"input": np.array(shape)}, start_dim=0, end_dim=-1)
        return "flatten", node, (math.prod(shape),)
    weight = _weight(module)
    if weight is None or getattr(module, "bias", None) is not None:
        raise SCConfigError(
            f"layer {layer} holds a {type(module).__name__}; linear and convolution layers "
            "without bias and Flatten(2) can be exported"
        )
    geometry = _geometry(module, layer) if weight.ndim == 4 else {}
    if len(shape) != weight.ndim - 1 or shape[0] != weight.shape[1]:
        raise SCConfigError(
            f"layer {layer} has weights of shape {weight.shape}, which do not fit an input of "
            f"shape {shape}"
        )
    if weight.ndim == 2:
        return "fc", nir.Linear(weight=weight), (len(weight),)
    node = nir.Conv2d(
        input_shape=shape[1:], weight=weight, bias=np.zeros(len(weight), np.float32), **geometry
    )
    extent = tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(
            shape[1:], weight.shape[2:], geometry["stride"], geometry["padding"],
            geometry["dilation"], strict=True,
        )
    )  # fmt: skip
    return "conv", node, (len(weight), *extent)


def _weight(module: nn.Module) -> NDArray[np.float32] | None:
    if isinstance(module, Quantised):
        whole: NDArray[np.float32] = module.integer_weight().numpy().astype(np.float32)
        return whole * np.float32(float(module.scale))
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        return np.asarray(module.weight.detach().numpy(), np.float32)
    return None


def _geometry(module: Any, layer: int) -> dict[str, Any]:
    """``stride``, ``padding``, ``dilation`` as pairs, and ``groups``."""
    given = module.geometry if isinstance(module, Quantised) else vars(module)
    if given.get("groups", 1) != 1:
        # nir 1.0.8 takes the second axis of the weights for the channels of the input.
        raise SCConfigError(
            f"layer {layer} is a grouped convolution, which the package nir cannot check"
        )
    found: dict[str, Any] = {"groups": 1}
    for name, default in (("stride", 1), ("padding", 0), ("dilation", 1)):
        value = given.get(name, default)
        if isinstance(value, str):
            raise SCConfigError(f"layer {layer} has padding '{value}'; give it as numbers")
        found[name] = (value, value) if isinstance(value, int) else tuple(value)
    return found


def _neurons(cell: Cell, shape: Shape, dt: float) -> Any:
    import nir

    values = cell.model.parameter_values
    if cell.model.name != "lif":
        raise SCConfigError(f"a cell of model '{cell.model.name}' is not exported; LIF and IF are")

    def filled(value: float) -> Any:
        return np.full(shape, value, np.float64)  # so that r·dt/tau is 1 exactly

    reset = values.get("v_reset", 0.0)
    if not values["a"]:
        return nir.IF(r=filled(1 / dt), v_threshold=filled(values["theta"]), v_reset=filled(reset))
    return nir.LIF(
        tau=filled(dt / values["a"]),
        r=filled(1 / values["a"]),
        v_leak=filled(values["E"]),
        v_threshold=filled(values["theta"]),
        v_reset=filled(reset),
    )
