"""Trained networks as NIR."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
from torch import nn

from sc_neurocore.exceptions import SCConfigError, SCDependencyError
from sc_neurocore.training._cell import Cell
from sc_neurocore.training._quantised import QuantLinear
from sc_neurocore.training.encoding import InputCoding
from sc_neurocore.training.snn_modules import FeedForward


def to_nir(
    network: FeedForward, coding: InputCoding, *, dt: float = 1e-3, dataset: str | None = None
) -> Any:
    """A dense network as `nir.NIRGraph`: ``Linear`` and ``LIF`` nodes in a chain.

    Weights are exported on their integer grid. With ``tau = dt/leak`` and ``r = 1/leak`` the gain
    ``r·dt/tau`` is 1, so weights act as trained. ``metadata["sc_neurocore"]`` is a JSON object:
    ``ticks``, ``coding``, ``input_bits``, ``dt``, ``reset``, ``reset_when``, ``dataset``, and by
    name of the ``Linear`` node ``weight_bits`` and ``weight_scale`` (value of one integer unit).

    Raises:
        SCConfigError: a layer has no NIR form here.
        SCDependencyError: the package ``nir`` is missing.
    """
    try:
        import nir
    except ImportError:
        raise SCDependencyError(
            "NIR needs the packages nir and h5py; install them with: "
            "pip install 'sc-neurocore[nir]'"
        ) from None
    nodes: dict[str, Any] = {}
    bits: dict[str, int] = {}
    scales: dict[str, float] = {}
    resets = set()
    for i, (synapses, cell) in enumerate(zip(network.synapses, network.cells, strict=True), 1):
        assert isinstance(cell, Cell)
        if isinstance(synapses, QuantLinear):
            scale = float(synapses.scale)
            weight = synapses.integer_weight().numpy() * np.float32(scale)
            bits[f"fc{i}"], scales[f"fc{i}"] = synapses.bits, scale
        elif isinstance(synapses, nn.Linear) and synapses.bias is None:
            weight = synapses.weight.detach().numpy()
        else:
            raise SCConfigError(
                f"layer {i} is a {type(synapses).__name__}; only linear layers without bias can "
                "be exported"
            )
        weight = np.asarray(weight, np.float32)
        nodes.setdefault("input", nir.Input(input_type=np.array([weight.shape[1]])))
        nodes[f"fc{i}"] = nir.Linear(weight=weight)
        nodes[f"lif{i}"] = _neurons(cell, len(weight), dt)
        resets.add("v_reset" not in cell.model.parameter_values)
        size = len(weight)
    if len(resets) != 1:
        raise SCConfigError("the layers have different resets; one file states one")
    nodes["output"] = nir.Output(output_type=np.array([size]))
    names = list(nodes)
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
        edges=list(itertools.pairwise(names)),
        metadata={"sc_neurocore": json.dumps(facts)},
    )


def _neurons(cell: Cell, size: int, dt: float) -> Any:
    import nir

    values = cell.model.parameter_values
    if cell.model.name != "lif":
        raise SCConfigError(f"a cell of model '{cell.model.name}' is not exported; LIF and IF are")

    def filled(value: float) -> Any:
        return np.full(size, value, np.float64)  # so that r·dt/tau is 1 exactly

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
