"""ONNX models as spiking networks: rates against ONNX's own reference evaluator."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from sc_neurocore.bitstream import Sobol
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Graph, Neurons, SCNIRConversionConfig, load_scnir
from sc_neurocore.nir_bridge import export_scnir_from_nir, from_nir, from_onnx, to_nir

Array = NDArray[np.float64]
Op = tuple[str, Sequence[Any], Mapping[str, Any]]


def model(shape: Sequence[int], *ops: Op, name: str = "net") -> Any:
    """A chain of operators; constants are arrays, names and attributes are made up."""
    nodes, tensors, current = [], [], "x"
    for index, (kind, constants, attributes) in enumerate(ops):
        inputs = [current]
        for place, value in enumerate(constants):
            if value is None:
                inputs.append("")
                continue
            inputs.append(f"c{index}_{place}")
            tensors.append(numpy_helper.from_array(np.asarray(value), inputs[-1]))
        nodes.append(
            helper.make_node(kind, inputs, [f"t{index}"], f"/{kind}_{index}", **attributes)
        )
        current = f"t{index}"
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape])
    y = helper.make_tensor_value_info(current, TensorProto.FLOAT, ["batch", "any"])
    graph = helper.make_graph(nodes, name, [x], [y], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def saved(built: Any, folder: Path) -> Path:
    path = folder / "model.onnx"
    onnx.save(built, str(path))
    return path


def weights(seed: int, *shape: int, size: float = 0.5) -> NDArray[np.float32]:
    return (size * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def reference(built: Any, x: Array) -> Array:
    return np.asarray(ReferenceEvaluator(built).run(None, {"x": x.astype(np.float32)})[0], float)


def samples(shape: Sequence[int], count: int = 4) -> Array:
    return np.random.default_rng(9).random((count, *shape))


def direct(x: Array, ticks: int) -> Array:
    return np.repeat(x[:, None], ticks, axis=1)


def spikes(x: Array, ticks: int) -> Array:
    """Spikes of the accelerator's rate coding: one shared source of 16 bits."""
    numbers = Sobol(2, 16).values(ticks).astype(float) / 65536
    return (numbers.reshape(1, -1, *[1] * (x.ndim - 1)) < x[:, None]).astype(float)


def mean_output(graph: Graph, drive: Array) -> Array:
    return from_nir(graph).run(drive).output.mean(axis=1)


def scale_of(graph: Graph) -> float:
    last = [n for n in graph.nodes.values() if isinstance(n.op, Neurons)][-1]
    return float(last.metadata["activation_scale"])


MLP = model(
    [6],
    ("Gemm", [weights(1, 8, 6), weights(2, 8)], {"transB": 1}),
    ("Relu", [], {}),
    ("MatMul", [weights(3, 8, 7)], {}),
    ("Add", [weights(4, 7)], {}),
    ("Relu", [], {}),
    ("Gemm", [weights(5, 7, 3), weights(6, 1, 3)], {"alpha": 0.5, "beta": 2.0}),
)
CNN = model(
    [2, 8, 8],
    ("Conv", [weights(1, 4, 2, 3, 3), weights(2, 4)], {"pads": [1, 1, 1, 1]}),
    (
        "BatchNormalization",
        [
            1 + weights(3, 4, size=0.1),
            weights(4, 4),
            weights(5, 4),
            1 + weights(6, 4, size=0.1) ** 2,
        ],
        {"epsilon": 1e-3},
    ),
    ("Relu", [], {}),
    ("AveragePool", [], {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ("Conv", [weights(7, 6, 2, 3, 3)], {"group": 2, "strides": [2, 2], "auto_pad": "VALID"}),
    ("Add", [weights(8, 1, 6, 1, 1)], {}),
    ("Relu", [], {}),
    ("Dropout", [], {}),
    ("Flatten", [], {}),
    ("Identity", [], {}),
    ("Gemm", [weights(9, 3, 6)], {"transB": 1}),
)


@pytest.mark.parametrize(("built", "shape"), [(MLP, (6,)), (CNN, (2, 8, 8))], ids=["mlp", "cnn"])
@pytest.mark.parametrize("coding", ["rate", "direct"])
@pytest.mark.parametrize("calibrated", [True, False], ids=["data", "bounds"])
def test_rates_approximate_the_model(
    built: Any, shape: tuple[int, ...], coding: Any, calibrated: bool, tmp_path: Path
) -> None:
    x = samples(shape)
    graph = from_onnx(
        saved(built, tmp_path),
        coding=coding,
        calibration=x if calibrated else None,
        percentile=100.0,
    )
    expected = reference(built, x)
    drive = direct if coding == "direct" else spikes
    errors = {}
    for ticks in (128, 1024):
        found = mean_output(graph, drive(x, ticks))
        errors[ticks] = np.abs(found - expected).max() / np.abs(expected).max()
    # Errors of rates are a few spikes in T ticks: within 3 % of the largest output at 1024.
    # Scales that hold for every input leave rates small, so the same few spikes are more of it.
    assert errors[1024] <= (0.03 if calibrated else 0.12), errors
    assert errors[1024] < errors[128], errors


def test_one_layer_is_within_one_spike(tmp_path: Path) -> None:
    # v after T ticks is T z minus the number of spikes, and lies in [0, 1] for z in [0, 1].
    built = model([5], ("Gemm", [weights(1, 5, 9)], {}), ("Relu", [], {}))
    x, ticks = samples((5,)), 50
    graph = from_onnx(saved(built, tmp_path), coding="direct", calibration=x, percentile=100.0)
    rates = mean_output(graph, direct(x, ticks))
    activations = reference(built, x) / scale_of(graph)
    assert activations.max() == pytest.approx(1.0)
    assert np.abs(rates - activations).max() <= 1 / ticks + 1e-6


def test_the_bound_of_a_layer_is_the_largest_activation_of_any_input(tmp_path: Path) -> None:
    # By hand: the worst input of unit 0 is (2, 0): 2 * 3 + 1; of unit 1 it is (0, 2): 2 * 1 - 4.
    weight = np.array([[3.0, -1.0], [-2.0, 1.0]], np.float32)
    bias = np.array([1.0, -4.0], np.float32)
    built = model([2], ("Gemm", [weight, bias], {"transB": 1}), ("Relu", [], {}))
    graph = from_onnx(saved(built, tmp_path), input_max=2.0)
    assert scale_of(graph) == pytest.approx(7.0)
    affine = graph.nodes["Gemm_0"].op
    np.testing.assert_allclose(affine.weight, weight * 2.0 / 7.0)  # type: ignore[attr-defined]
    np.testing.assert_allclose(affine.bias, bias / 7.0)  # type: ignore[attr-defined]


def test_bounds_hold_for_every_input(tmp_path: Path) -> None:
    graph = from_onnx(saved(CNN, tmp_path))
    x = np.concatenate([samples((2, 8, 8), 50), samples((2, 8, 8), 50).round()])
    network = from_nir(graph)
    record = network.run(direct(x, 64), record=True)
    assert all(rate.mean(axis=1).max() < 1.0 for rate in record.spikes.values())


@pytest.mark.parametrize(
    ("shape", "ops"),
    [
        ([3], [("MatMul", [weights(1, 3, 4)], {}), ("Add", [weights(2, 4)], {})]),
        ([3], [("Gemm", [weights(1, 3, 4), None], {"alpha": 2.0})]),
        ([2, 9], [("Conv", [weights(1, 3, 2, 4)], {"strides": [2], "pads": [2, 2]})]),
        ([2, 9], [("Conv", [weights(1, 3, 2, 3)], {"auto_pad": "SAME_UPPER"})]),
        ([1, 7, 6], [("Conv", [weights(1, 2, 1, 3, 3)], {"dilations": [2, 1]})]),
        ([4, 5, 5], [("Conv", [weights(1, 4, 2, 3, 3), weights(2, 4)], {"group": 2})]),
        ([4], [("BatchNormalization", [*weights(1, 3, 4), np.ones(4, np.float32)], {})]),
        ([2, 5], [("BatchNormalization", [*weights(1, 3, 2), np.ones(2, np.float32)], {})]),
        ([2, 3, 4], [("BatchNormalization", [*weights(1, 3, 2), np.ones(2, np.float32)], {})]),
        ([2, 6, 6], [("AveragePool", [], {"kernel_shape": [3, 2], "strides": [1, 2]})]),
        (
            [2, 6, 6],
            [
                (
                    "AveragePool",
                    [],
                    {"kernel_shape": [3, 3], "pads": [1] * 4, "count_include_pad": 1},
                )
            ],
        ),
        ([3, 4, 5], [("GlobalAveragePool", [], {}), ("Flatten", [], {})]),
        ([2, 3], [("Flatten", [], {}), ("Gemm", [weights(1, 6, 2)], {})]),
        ([2, 3], [("Reshape", [np.array([0, -1])], {}), ("MatMul", [weights(1, 6, 2)], {})]),
        ([2, 3], [("Reshape", [np.array([-1, 6])], {}), ("Identity", [], {})]),
        ([3], [("Relu", [], {}), ("Gemm", [weights(1, 3, 2)], {})]),
    ],
)
def test_every_operator_without_relu_is_exact(
    shape: list[int], ops: list[Op], tmp_path: Path
) -> None:
    built = model(shape, *ops)
    graph = from_onnx(saved(built, tmp_path), input_max=1.0)
    assert graph.nodes_of(Neurons) == ()
    x = samples(shape)
    y = x
    for node in graph.nodes.values():
        y = node.op.apply(y) if hasattr(node.op, "apply") else y
    np.testing.assert_allclose(y, reference(built, x), rtol=1e-4, atol=1e-5)


def test_pooling_behind_the_last_relu_undoes_the_scale(tmp_path: Path) -> None:
    built = model(
        [1, 4, 4],
        ("Conv", [3 * weights(1, 2, 1, 3, 3)], {}),
        ("Relu", [], {}),
        ("Relu", [], {}),
        ("GlobalAveragePool", [], {}),
    )
    x = samples((1, 4, 4))
    graph = from_onnx(saved(built, tmp_path), coding="direct", calibration=x, percentile=100)
    assert len(graph.nodes_of(Neurons)) == 1
    found = mean_output(graph, direct(x, 512))
    expected = reference(built, x)
    assert np.abs(found - expected).max() <= scale_of(graph) / 512 + 1e-5


def test_the_graph_states_its_coding_and_survives_nir(tmp_path: Path) -> None:
    graph = from_onnx(saved(MLP, tmp_path), coding="direct", ticks=20, input_bits=4, dt=2e-3)
    settings = json.loads(graph.metadata["sc_neurocore"])
    assert settings == {
        "ticks": 20,
        "coding": "direct",
        "input_bits": 4,
        "dt": 2e-3,
        "reset": "subtract",
        "reset_when": "same_tick",
    }
    network = from_nir(graph)
    assert network.assumptions.reset == "subtract"
    to_nir(graph, tmp_path / "net.nir")
    x = direct(samples((6,)), 30)
    again = from_nir(tmp_path / "net.nir").run(x).output
    np.testing.assert_array_equal(network.run(x).output, again)


def test_the_streams_of_an_onnx_model_are_described(tmp_path: Path) -> None:
    path = tmp_path / "scnir.json"
    config = SCNIRConversionConfig(bitstream_length=128)
    document = export_scnir_from_nir(saved(MLP, tmp_path), path, config)
    assert load_scnir(path) == document
    kinds = [stream.signal_kind for stream in document.streams]
    assert (kinds.count("spiking"), kinds.count("weight")) == (3, 3)


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "ops", "message"),
    [
        (
            [2, 4, 4],
            [("MaxPool", [], {"kernel_shape": [2, 2]})],
            "node '/MaxPool_0' is a MaxPool, which is not supported; the supported operators are "
            "Add, AveragePool, BatchNormalization, Conv, Dropout, Flatten, Gemm, "
            "GlobalAveragePool, Identity, MatMul, Relu, Reshape",
        ),
        ([3], [("Gemm", [np.full((3, 2), np.nan, np.float32)], {})], "has nan in its matrix at"),
        ([3], [("Gemm", [weights(1, 4, 2)], {})], "matrix of shape (4, 2), but 3 inputs"),
        ([2, 3], [("MatMul", [weights(1, 3, 2)], {})], "flatten it first"),
        ([3], [("Add", [weights(1, 3)], {})], "must follow a Gemm, MatMul or Conv"),
        (
            [1, 3, 3],
            [("Conv", [weights(1, 1, 1, 1, 1)], {}), ("Add", [weights(1, 1, 3, 3)], {})],
            "adds different numbers within a channel",
        ),
        ([1, 4, 4], [("Conv", [weights(1, 1, 1, 2, 2)], {"pads": [0, 0, 1, 1]})], "must agree"),
        ([1, 4, 4], [("Conv", [weights(1, 1, 2, 2, 2)], {})], "'/Conv_0' takes (2, H, W)"),
        ([1, 4, 4], [("Conv", [weights(1, 1, 1, 5, 5)], {})], "'/Conv_0'"),
        ([1, 2, 2, 2], [("Conv", [weights(1, 1, 1, 1, 1, 1)], {})], "has 3 spatial axes"),
        (
            [1, 5, 5],
            [("AveragePool", [], {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1})],
            "rounds sizes up",
        ),
        (
            [1, 5, 5],
            [("AveragePool", [], {"kernel_shape": [3, 3], "pads": [1] * 4})],
            "count_include_pad=1",
        ),
        ([2, 3], [("Reshape", [np.array([0, 3, 2])], {})], "only flattening to (batch, 6)"),
        ([2, 3], [("Flatten", [], {"axis": 2})], "flattens from axis 2"),
        ([3], [("Dropout", [np.float32(0.5), np.True_], {})], "is in training mode"),
        ([3], [("Identity", [], {})], "has no operator that computes anything"),
    ],
)
def test_what_is_not_taken_is_named(
    shape: list[int], ops: list[Op], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SCConfigError) as caught:
        from_onnx(saved(model(shape, *ops), tmp_path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_branches_are_refused(tmp_path: Path) -> None:
    built = model([3], ("Gemm", [weights(1, 3, 3)], {}), ("Relu", [], {}))
    built.graph.node.append(helper.make_node("Relu", ["t0"], ["other"]))
    with pytest.raises(SCConfigError, match="'t0' feeds 2 nodes; only a chain"):
        from_onnx(saved(built, tmp_path))


def test_an_activation_as_weight_is_refused(tmp_path: Path) -> None:
    built = model([3], ("Gemm", [weights(1, 3, 3)], {}))
    built.graph.node[0].input[1] = "x"
    with pytest.raises(SCConfigError, match="matrix that is not constant"):
        from_onnx(saved(built, tmp_path))


def test_a_shape_that_is_not_fixed_is_refused(tmp_path: Path) -> None:
    built = model([3], ("Gemm", [weights(1, 3, 3)], {}))
    built.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "features"
    with pytest.raises(SCConfigError, match=r"'x' has shape \[0, 0\] \(0: not fixed\)"):
        from_onnx(saved(built, tmp_path))


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_gives_a_network_or_one_sentence(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    content = bytearray((CNN if seed % 2 else MLP).SerializeToString())
    for place in rng.integers(len(content), size=3):
        content[place] = rng.integers(256)
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    try:
        assert isinstance(from_onnx(path), Graph)
    except SCConfigError as error:
        assert str(error)


@pytest.mark.parametrize("content", [b"", b"\x00\xff garbage", b"\x08"])
def test_a_file_that_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(SCConfigError, match=r"model.onnx is no valid ONNX model"):
        from_onnx(path)
    path.write_bytes(MLP.SerializeToString()[:-20])
    with pytest.raises(SCConfigError, match=r"model.onnx is no valid ONNX model"):
        from_onnx(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match=r"none.onnx cannot be read: No such file"):
        from_onnx(tmp_path / "none.onnx")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"coding": "phase"}, "coding is 'phase'; it must be one of rate, direct"),
        ({"percentile": 0.0}, "percentile is 0.0"),
        ({"input_max": float("inf")}, "input_max is inf"),
        ({"dt": 0.0}, "dt is 0.0"),
        ({"ticks": 0}, "ticks is 0"),
        ({"input_bits": True}, "input_bits is True"),
        ({"input_bits": 16}, "input_bits is 16; it must be from 1 to 15"),
        ({"calibration": np.ones((3, 5))}, r"calibration has shape \(3, 5\); it must be \(samples"),
        ({"calibration": np.full((3, 6), 2.0)}, "outside 0 to input_max, which is 1"),
    ],
)
def test_an_option_out_of_range_is_refused(
    options: Mapping[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SCConfigError, match=message):
        from_onnx(saved(MLP, tmp_path), **options)


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        "from sc_neurocore.nir_bridge import from_onnx\n"
        "from sc_neurocore.exceptions import SCDependencyError\n"
        "try:\n    from_onnx('model.onnx')\n"
        "except SCDependencyError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'sc-neurocore[onnx]'" in done.stdout
