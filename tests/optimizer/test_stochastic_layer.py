"""The layer that is chosen for: its model against its Verilog, its errors against their meaning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sc_neurocore.bitstream import popcount, sc_and
from sc_neurocore.cost import predict_block
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._layer_cost import CONFIDENCE, layer_areas
from sc_neurocore.optimizer._product_error import (
    LENGTHS,
    count_product_error,
    error_table,
    grid_keys,
    rms_errors,
)
from sc_neurocore.optimizer._stochastic_layer import (
    DecorrelationStrategy,
    StochasticLayer,
    polynomial_text,
)
from sc_neurocore.optimizer.farm._sc_layer import DECORRELATORS, sc_layer
from sc_neurocore.toolchain import available_simulators, simulate_rtl


def sum_of_ones(layer: StochasticLayer, levels: np.ndarray) -> int:
    """Ones of all XNOR products."""
    x, w = layer.input_streams(levels[0]), layer.weight_streams(levels[1])
    both = popcount(sc_and(x, w))
    return int((layer.bitstream_length - popcount(x) - popcount(w) + 2 * both).sum())


LAYERS = [
    StochasticLayer(macs, length, bits, strategy, register)
    for (macs, length, bits, register), kinds in (
        ((5, 64, 6, 9), DecorrelationStrategy),
        ((3, 100, 8, 8), (DecorrelationStrategy.SHUFFLE, DecorrelationStrategy.TRACKING)),
    )
    for strategy in kinds
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda x: f"{x.decorrelator}-{x.mac_count}")
def test_the_verilog_adds_up_what_the_model_says(
    layer: StochasticLayer, store: EvidenceStore
) -> None:
    sources, top = sc_layer(layer.shape.parameters)
    macs, length, bits = layer.mac_count, layer.bitstream_length, layer.precision_bits
    levels = np.random.default_rng(length + macs).integers(0, 2**bits + 1, (2, macs))
    load = np.concatenate([np.ones(2 * macs, np.uint64), np.zeros(length, np.uint64)])
    shifted = np.concatenate([levels[1, ::-1], levels[0, ::-1], np.zeros(length, np.int64)])
    simulator = "yosys" if "yosys" in available_simulators() else "verilator"
    _, out, _ = simulate_rtl(
        simulator, sources, top, clock="clk", reset="rst_n",
        inputs={"load": load, "level": shifted.astype(np.uint64), "enable": 1 - load},
        input_widths={"load": 1, "level": bits + 1, "enable": 1},
        output_widths={"total": (macs * length).bit_length(), "done": 1},
        store=store,
    )  # fmt: skip
    assert out["done"][-1] == 1 and out["done"][-2] == 0
    assert int(out["total"][-1]) == sum_of_ones(layer, levels)


def test_the_decorrelators_are_those_of_the_farm() -> None:
    assert tuple(kind.value for kind in DecorrelationStrategy) == DECORRELATORS


@pytest.mark.parametrize("strategy", DecorrelationStrategy)
def test_rms_of_a_sum_is_what_random_sums_show(strategy: DecorrelationStrategy) -> None:
    layer = StochasticLayer(12, 128, 8, strategy, 10)
    rng = np.random.default_rng(5)
    values = rng.uniform(-1, 1, (3000, 2, layer.mac_count))
    levels = np.rint((values + 1) / 2 * 256).astype(np.int64)
    x, w = layer.input_streams(levels[:, 0]), layer.weight_streams(levels[:, 1])
    length = layer.bitstream_length
    rates = 1 + (2 * popcount(sc_and(x, w)) - popcount(x) - popcount(w)) / length
    seen = np.sqrt(np.mean((np.mean(2 * rates - 1 - values.prod(axis=1), axis=1)) ** 2))
    # The first of the seeds is the library's, which the Verilog has.
    errors = count_product_error(layer)
    first = replace(errors, bias=errors.bias[:1], square=errors.square[:1])
    assert rms_errors([first], layer.mac_count)[0][0] == pytest.approx(seen, rel=0.06)


def test_the_committed_table_is_what_is_counted() -> None:
    table, keys = error_table(), grid_keys()
    assert set(table) == set(keys)
    for key in keys[:: len(keys) // 12]:
        length, kind, precision, register = key
        layer = StochasticLayer(1, length, precision, DecorrelationStrategy(kind), register)
        counted = count_product_error(layer)
        for name in ("bias", "square"):
            np.testing.assert_allclose(
                getattr(table[key], name), getattr(counted, name), rtol=6e-3, atol=1e-12
            )


def test_without_a_decorrelator_the_product_is_wrong_at_every_length() -> None:
    # XNOR of a stream with itself is 1, and E[e] = 1 - 2 E|x - w| - 0 over even values of p.
    table = error_table()
    for length in LENGTHS:
        none = rms_errors([table[length, "none", 8, 16]], 64)[0][0]
        shared = rms_errors([table[length, "shared", 8, 16]], 64)[0][0]
        assert none > shared and none > 0.2


def test_a_whole_period_without_decorrelator_by_hand() -> None:
    # Over a period both streams are thresholds of one sequence: the rate of XNOR is 1 - |p - q|,
    # so e = 1 - 2|p - q| - (2p - 1)(2q - 1), and E[e] = 1 - 2/3 - 0 = 1/3.
    layer = StochasticLayer(1, 255, 8, DecorrelationStrategy.NONE, 8)
    assert np.mean(count_product_error(layer).bias) == pytest.approx(1 / 3, abs=0.01)


def test_polynomials_are_spelt_as_observations_are() -> None:
    assert polynomial_text(16) == "x^16+x^14+x^13+x^11+1"


def test_a_register_narrower_than_the_levels_is_refused() -> None:
    with pytest.raises(SCConfigError, match="the register of a layer has 6 bits"):
        StochasticLayer(1, 64, 8, DecorrelationStrategy.NONE, 6)


@pytest.mark.parametrize("metric", ["luts", "ffs"])
def test_areas_of_many_layers_are_those_of_each(metric: str) -> None:
    shapes = [
        StochasticLayer(macs, length, bits, kind, register).shape
        for macs, length, bits, register in ((3, 32, 4, 8), (60, 4096, 8, 16), (500, 256, 12, 16))
        for kind in DecorrelationStrategy
    ]
    (areas,) = layer_areas(shapes, "ice40", (metric,))
    for i, shape in enumerate(shapes):
        one = predict_block(shape, "ice40", metric, confidence=CONFIDENCE)
        found = (areas.value[i], areas.low[i], areas.high[i])
        assert found == pytest.approx((one.value, one.low, one.high))
        assert bool(areas.extrapolates[i]) == bool(one.extrapolates)
    assert (areas.median_error, areas.p90_error) == (one.median_error, one.p90_error)
