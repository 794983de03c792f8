"""The engine's text: no warnings, readable memories, exact contents, exact refusals."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sc_neurocore.accelerator import Folding, IntegerNetwork, write_accelerator
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.toolchain import lint

from .engines import network

VARIANTS = [
    (network(), [Folding(1, 1), Folding(1, 1)]),
    (network(recurrent=True, ports=True), [Folding(5, 2), Folding(3, 2)]),
    (
        network(readout="membrane", coding="direct", backend="stochastic", length=16),
        [Folding(16, 4), Folding(2, 1)],
    ),
    (network(coding="events", recurrent=True), [Folding(3, 1), Folding(4, 1)]),
]


def words(text: str) -> list[int]:
    return [int(line, 16) for line in text.splitlines() if not line.startswith("//")]


@pytest.mark.parametrize(("net", "foldings"), VARIANTS)
def test_no_tool_has_anything_to_say(
    net: IntegerNetwork, foldings: list[Folding], store: EvidenceStore
) -> None:
    rtl = write_accelerator(net, foldings)
    assert lint(rtl.sources, rtl.top, store=store).result["warnings"] == []


def test_it_is_written_the_same_twice() -> None:
    a, b = (write_accelerator(network(), [Folding(4, 1), Folding(2, 1)]) for _ in range(2))
    assert dict(a.sources) == dict(b.sources)


@pytest.mark.parametrize(("pe", "simd"), [(1, 1), (4, 1), (5, 3), (16, 8)])
def test_the_memory_holds_every_weight_where_the_header_says(pe: int, simd: int) -> None:
    net = network()
    text = write_accelerator(net, [Folding(pe, simd), Folding(1, 1)]).sources[
        "net_hidden1_weights.hex"
    ]
    stored = words(text)
    weights = net.layers[0].projections[0].weights
    addresses = -(-8 // simd)
    groups = -(-16 // pe)
    assert len(stored) == groups * addresses
    for j in range(addresses * simd):
        for n in range(groups * pe):
            word = stored[n // pe * addresses + j // simd]
            code = word >> ((n % pe * simd + j % simd) * 6) & 63
            wanted = int(weights[j, n]) if j < 8 and n < 16 else 0
            assert code == wanted & 63
    assert text.startswith("// Weights of layer 'hidden1': 128 of 6 bits, fixed.\n")
    assert f"// Word group * {addresses} + address" in text
    assert len(set(map(len, text.splitlines()[-len(stored) :]))) == 1


def test_the_planes_hold_every_bit_where_the_header_says() -> None:
    net = network(backend="stochastic", length=8, bits=4)
    stored = words(
        write_accelerator(net, [Folding(5, 3), Folding(1, 1)]).sources["net_hidden1_weights.hex"]
    )
    u = net.layers[0].projections[0].weights + 8
    for z in range(4):
        for j in range(8):
            for n in range(16):
                word = stored[(z * 4 + n // 5) * 3 + j // 3]
                assert word >> (n % 5 * 3 + j % 3) & 1 == int(u[j, n]) >> (3 - z) & 1


def test_the_parameters_of_a_neuron_share_a_word() -> None:
    net = network(ports=True)
    rtl = write_accelerator(net, [Folding(1, 1), Folding(1, 1)])
    stored = words(rtl.sources["net_hidden1_parameters.hex"])
    low = 0
    for port in net.layers[0].datapath.parameters:
        found = [word >> low & ((1 << port.width) - 1) for word in stored]
        assert found == net.layers[0].parameters[port.name].tolist()
        low += port.width


def test_names_of_layers_cannot_collide() -> None:
    net = network((4, 3, 3, 2))
    names = ("a", "a_event", "output")
    layers = tuple(replace(x, name=n) for x, n in zip(net.layers, names, strict=True))
    rtl = write_accelerator(replace(net, layers=layers), [Folding(1, 1)] * 3)
    declared = re.findall(r"\bwire\s+(?:signed\s+)?(?:\[\d+:0\] )?([\w, ]+);",
                          rtl.sources["net_engine.sv"])  # fmt: skip
    every = [name.strip() for group in declared for name in group.split(",")]
    assert len(every) == len(set(every))


def test_foldings_that_do_not_fit_are_refused() -> None:
    net = network(recurrent=True)
    with pytest.raises(SCConfigError, match="1 foldings for 2 layers"):
        write_accelerator(net, [Folding(1, 1)])
    with pytest.raises(SCConfigError, match="pe of layer 'output' is 0"):
        write_accelerator(net, [Folding(1, 1), Folding(0, 1)])
    with pytest.raises(SCConfigError, match="same simd"):
        write_accelerator(net, [Folding(1, 1), Folding(1, 2)])


def test_networks_that_do_not_fit_are_refused() -> None:
    ones = [Folding(1, 1), Folding(1, 1)]
    with pytest.raises(SCConfigError, match="power of two"):
        write_accelerator(network(backend="stochastic", length=1), ones)
    with pytest.raises(SCConfigError, match="one neuron"):
        write_accelerator(network((4, 3, 1)), ones)
    with pytest.raises(SCConfigError, match="2 bits or more"):
        write_accelerator(network(input_bits=1), ones)
    with pytest.raises(SCConfigError, match="of layer 'output' reach from -159834 to 292356"):
        write_accelerator(network(bits=16), ones)
