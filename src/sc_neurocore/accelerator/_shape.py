"""What the cost model sees of a folded network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sc_neurocore.accelerator._geometry import geometry
from sc_neurocore.accelerator._network import INPUT, Folding, IntegerLayer, IntegerNetwork
from sc_neurocore.compiler import Datapath
from sc_neurocore.compiler._datapath import Node, signed_digits
from sc_neurocore.compiler._format import bits_for
from sc_neurocore.cost import EngineShape, LayerShape


def engine_shape(
    network: IntegerNetwork, foldings: Sequence[Folding], family: str = "ice40"
) -> EngineShape:
    """The numbers that decide what a network costs in a folding.

    Args:
        network: what the engine computes.
        foldings: one per layer.
        family: of the device; the shape is the same for all of them.

    Raises:
        SCConfigError: the foldings do not fit the network.
    """
    del family
    shape = geometry(network, foldings)
    layers = []
    for k, (layer, sizes) in enumerate(zip(network.layers, shape.layers, strict=True)):
        d = layer.datapath
        adders, choices, products = lane_work(d)
        stream = shape.streams.get(k)
        arriving = [b for b in shape.buffers if b.target == k]
        layers.append(
            LayerShape(
                size=layer.size,
                fan_in=sum(len(p.weights) for p in layer.projections),
                bits=_stored_bits(layer),
                pe=sizes.pe,
                simd=sizes.simd,
                backend=layer.backend,
                length=layer.length,
                current_bits=sizes.acc_bits,
                state_bits=sum(s.width for s in d.states),
                lane_bits=adders,
                projections=len(layer.projections),
                delay=max((p.delay for p in layer.projections), default=0),
                lane_choices=choices,
                lane_products=products,
                lane_depth=_depth(d),
                parameter_bits=sum(p.width for p in d.parameters),
                doubling=network.input.coding == "direct"
                and any(p.source == INPUT for p in layer.projections),
                out_simd=stream.simd if stream is not None else 0,
                silent=_never_spikes(d)
                and not (network.readout == "membrane" and k == network.output),
                buffers=tuple((shape.streams[b.source].width, b.depth) for b in arriving),
            )
        )
    return EngineShape(
        layers=tuple(layers),
        coding=network.input.coding,
        inputs=network.input.size,
        input_bits=network.input.bits,
        ticks=network.ticks,
        readout=network.readout,
    )


def _never_spikes(datapath: Datapath) -> bool:
    """Whether no state in its range reaches the threshold, as generated code then says."""
    if datapath.condition is None:
        return False
    node = datapath.nodes[datapath.condition]
    return node.op == "const" and not node.value


def shapes_by_simd(network: IntegerNetwork, simds: Iterable[int]) -> dict[int, EngineShape]:
    """Engines of one neuron at a time, all of whose layers take equally many sources at once.

    With another ``pe``, its layers are those of any engine with that SIMD, but for ``out_simd``,
    which is the SIMD of the layer's readers.

    Args:
        network: what the engines compute.
        simds: sources at once.

    Raises:
        SCConfigError: the foldings do not fit the network.
    """
    return {s: engine_shape(network, (Folding(1, s),) * len(network.layers)) for s in simds}


def _stored_bits(layer: IntegerLayer) -> int:
    """Bits of a weight that are stored: in fixed point, those that the largest one needs."""
    if layer.backend != "fixed":
        return layer.bits
    largest = [(int(p.weights.min()), int(p.weights.max())) for p in layer.projections
               if p.weights.size]  # fmt: skip
    low, high = min(a for a, _ in largest), max(b for _, b in largest)
    return min(layer.bits, max(2, bits_for(low, high)))


def lane_work(datapath: Datapath) -> tuple[float, float, float]:
    """Bits of adders, of multiplexers, and of products of two variables, of a neuron's tick."""
    adders = choices = products = 0.0
    nodes = datapath.nodes
    for node in nodes:
        widths = [nodes[a].width for a in node.args if nodes[a].op != "const"]
        match node.op:
            case "add" | "sub":
                adders += min(node.width, max(widths, default=0) + 1)
            case "lt" | "le" | "eq":
                adders += max(widths, default=0)
            case "round_away" | "round_even":
                adders += max(widths, default=0)
            case "cmul":
                adders += _shift_adds(node, nodes[node.args[0]])
            case "mul":
                products += float(nodes[node.args[0]].width * nodes[node.args[1]].width)
            case "clamp":
                x = nodes[node.args[0]]
                sides = (x.high > node.high) + (x.low < node.low)
                adders += sides * x.width
                choices += sides * node.width
            case "select":
                choices += node.width
            case _:
                pass
    # After a spike a state takes another value than without one.
    choices += sum(datapath.states[i].width for i in datapath.after_reset)
    return adders, choices, products


def _depth(datapath: Datapath) -> float:
    """The longest chain of operations, one of w bits counting 1 + w/20."""
    nodes, depth = datapath.nodes, [0.0] * len(datapath.nodes)
    for i, node in enumerate(nodes):
        before = max((depth[a] for a in node.args), default=0.0)
        wide = max((nodes[a].width for a in node.args), default=0)
        match node.op:
            case "add" | "sub" | "lt" | "le" | "eq" | "round_away" | "round_even":
                own = 1 + wide / 20
            case "cmul":
                digits = len(signed_digits(node.value))
                own = (digits - 1).bit_length() * (1 + wide / 20)
            case "mul":
                own = 2 + wide / 10
            case "clamp":
                own = 2 + wide / 20
            case "select":
                own = 1.0
            case _:
                own = 0.0
        depth[i] = before + own
    return max(depth, default=0.0) + (1.0 if datapath.after_reset else 0.0)


def _shift_adds(node: Node, x: Node) -> float:
    """Adder bits of a product with a constant: digits paired from the top, as they are written."""
    parts = [(sign, 1, shift) for sign, shift in signed_digits(node.value)]
    total = 0.0
    while len(parts) > 1:
        merged = []
        for p, q in zip(parts[0::2], parts[1::2], strict=False):
            low = min(p[2], q[2])
            other = q[1] << (q[2] - low)
            core = (p[1] << (p[2] - low)) + (other if p[0] == q[0] else -other)
            ends = (x.low * core, x.high * core)
            # The lowest bits of the upper part pass the adder by.
            total += max(1, bits_for(min(ends), max(ends)) - abs(p[2] - q[2]))
            merged.append((p[0], core, low))
        if len(parts) % 2:
            merged.append(parts[-1])
        parts = merged
    return total
