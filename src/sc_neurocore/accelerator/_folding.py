"""How much of each layer works at once: the cheapest that is fast enough, or the fastest that fits.

The clocks are those of the engine's definition, for the activity given; the exact ones come from
the cycle model. The LUTs steer the choice between foldings and nothing else: they are never
reported, what is reported is measured.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sc_neurocore.accelerator._geometry import ceil_div, index_bits
from sc_neurocore.accelerator._network import (
    INPUT,
    Folding,
    IntegerLayer,
    IntegerNetwork,
    IntegerProjection,
)
from sc_neurocore.compiler import Datapath
from sc_neurocore.cost import BLOCK_RAMS
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.toolchain import Target, targets

#: LUTs of the parts of an engine. To choose by, not to report.
_LUTS = {
    "layer": 120.0,  # control, fork and FIFO of a layer
    "adder bit": 1.0,
    "plane choice": 0.6,  # per weight bit of a multiplexer that picks a plane
    "accumulator bit": 1.2,
}
#: Clocks of a tick besides events and neurons.
_OVERHEAD = 6
_MOST_PE = 128
_SIMDS = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class FoldingPlan:
    """A folding of every layer.

    Attributes:
        foldings: per layer.
        clocks: expected of an inference, at the given activity.
        brams: block RAMs of weights, accumulators, states and delay lines.
        fits: whether memory and what was asked for can be had.
        verdict: what does not fit, by how much and what would; empty if all does.
    """

    foldings: tuple[Folding, ...]
    clocks: int
    brams: int
    fits: bool
    verdict: str = ""


@dataclass(frozen=True)
class _Option:
    """One layer in one folding."""

    folding: Folding
    clocks: float
    luts: float
    brams: int


def choose_foldings(
    network: IntegerNetwork,
    target: Target,
    *,
    latency_clocks: int | None = None,
    luts: int | None = None,
    activity: Mapping[int, float] | None = None,
    pe: int | None = None,
    simd: int | None = None,
) -> FoldingPlan:
    """Choose PE and SIMD of every layer.

    With ``latency_clocks``, the cheapest folding that is expected to meet it; with ``luts``, the
    fastest within that many (by the rough model above); with neither, the cheapest.

    Args:
        network: to fold.
        target: device.
        latency_clocks: clocks an inference may take.
        luts: LUTs the layers may take.
        activity: spikes per source and tick of each layer's index, `INPUT` for the input; a
            quarter where it is missing.
        pe: neurons at once, for every layer; None to choose.
        simd: sources at once, for every layer; None to choose.

    Raises:
        SCConfigError: both limits at once, or a folding below 1.
    """
    if latency_clocks is not None and luts is not None:
        raise SCConfigError("give a latency to meet or LUTs to fill, not both")
    for name, value in (("pe", pe), ("simd", simd)):
        if value is not None and not 1 <= value <= 256:
            raise SCConfigError(f"{name} is {value}; it must be from 1 to 256")
    rates = dict(activity or {})
    options = _options(network, target, rates, pe, simd)
    budgets = sorted({o.clocks for layer in options for per in layer.values() for o in per})
    groups = _groups(network)
    # By cost, and by memory alone, so that whatever fits in memory is found.
    tried = itertools.product(budgets, (_cost, _memory))
    found = (_cheapest(options, groups, budget, target, key) for budget, key in tried)
    plans = [chosen for chosen in found if chosen is not None]
    plans.sort(key=lambda c: (_cost(c, target), _clocks(network, c)))
    enough = [c for c in plans if sum(o.brams for o in c) <= (target.brams or math.inf)]
    if not enough:
        smallest = min(plans, key=lambda c: sum(o.brams for o in c))
        return _plan(network, smallest, _too_large(network, target, smallest, pe, simd))
    if luts is not None:
        within = [c for c in enough if sum(o.luts for o in c) <= luts]
        if within:
            return _plan(network, min(within, key=lambda c: _clocks(network, c)))
        verdict = (
            f"no folding is expected to fit {luts} LUTs; the smallest has one neuron and one "
            "source at a time; use fewer layers, narrower weights or another target"
        )
        return _plan(network, min(enough, key=lambda c: sum(o.luts for o in c)), verdict)
    if latency_clocks is not None:
        within = [c for c in enough if _clocks(network, c) <= latency_clocks]
        if within:
            return _plan(network, within[0])
        fastest = min(enough, key=lambda c: _clocks(network, c))
        clocks = _clocks(network, fastest)
        verdict = (
            f"an inference is expected to take {clocks} clocks at the largest folding that fits "
            f"{target.name}, {clocks - latency_clocks} more than the {latency_clocks} asked for; "
            f"use {max(1, network.ticks * latency_clocks // clocks)} instead of {network.ticks} "
            "ticks, prune neurons, or a faster clock"
        )
        return _plan(network, fastest, verdict)
    return _plan(network, enough[0])


def memory_blocks(family: str, width: int, depth: int) -> int:
    """Block RAMs of a memory, in the best of the shapes that the family's blocks have.

    Raises:
        SCConfigError: an unknown family.
    """
    if family not in BLOCK_RAMS:
        raise SCConfigError(
            f"an engine keeps its weights in block RAM, and family '{family}' has no known block "
            f"RAM; families that have: {', '.join(BLOCK_RAMS)}"
        )
    return min(ceil_div(width, w) * ceil_div(depth, d) for w, d in BLOCK_RAMS[family])


def _options(
    network: IntegerNetwork,
    target: Target,
    rates: Mapping[int, float],
    pe: int | None,
    simd: int | None,
) -> list[dict[int, list[_Option]]]:
    """Per layer and SIMD, the foldings in PE."""
    result = []
    for layer in network.layers:
        per: dict[int, list[_Option]] = {}
        for s in (simd,) if simd else _SIMDS:
            pes = {pe} if pe else _useful_pes(layer.size)
            per[s] = [_option(network, layer, Folding(p, s), target, rates) for p in sorted(pes)]
        result.append(per)
    return result


def _useful_pes(size: int) -> set[int]:
    """The fewest neurons at once for each number of groups."""
    pes = {-(-size // groups) for groups in range(1, size + 1)}
    return {p for p in pes if p <= _MOST_PE}


def layer_clocks(
    network: IntegerNetwork, layer: IntegerLayer, folding: Folding, rates: Mapping[int, float]
) -> float:
    """Expected clocks of a layer's tick.

    Args:
        network: that the layer is of.
        layer: to fold.
        folding: of the layer.
        rates: spikes per source and tick; a quarter where one is missing.
    """
    groups = ceil_div(layer.size, folding.pe)
    events = 0.0
    for p in layer.projections:
        fan_in = p.weights.shape[0]
        planes, rate = 1, rates.get(p.source, 0.25)
        if p.source == INPUT and network.input.coding == "direct":
            planes, rate = network.input.bits + 1, 0.5
        hit = 1 - (1 - min(rate, 1.0)) ** min(folding.simd, fan_in)
        events += planes * ceil_div(fan_in, folding.simd) * hit
    return events * groups * layer.length + layer.size + _OVERHEAD


def _option(
    network: IntegerNetwork,
    layer: IntegerLayer,
    folding: Folding,
    target: Target,
    rates: Mapping[int, float],
) -> _Option:
    groups = ceil_div(layer.size, folding.pe)
    depth = groups * sum(ceil_div(p.weights.shape[0], folding.simd) for p in layer.projections)
    clocks = layer_clocks(network, layer, folding, rates)
    width = layer.datapath.inputs[0].width
    lanes = folding.pe * folding.simd
    per_weight = (
        layer.bits * _LUTS["adder bit"]
        if layer.backend == "fixed"
        else layer.bits * _LUTS["plane choice"] + 2
    )
    luts = (
        _LUTS["layer"]
        + lanes * per_weight
        + folding.pe * width * _LUTS["accumulator bit"]
        + _lane(layer.datapath)
    )
    states = sum(s.width for s in layer.datapath.states)
    brams = memory_blocks(target.family, lanes * layer.bits, depth) if depth else 0
    brams += sum(
        memory_blocks(target.family, *_delay_line(network, p, folding.simd))
        for p in layer.projections
        if p.delay
    )
    brams += memory_blocks(target.family, folding.pe * width, groups) if groups > 1 else 0
    brams += memory_blocks(target.family, states, layer.size)
    return _Option(folding, clocks, luts, brams)


def _delay_line(network: IntegerNetwork, p: IntegerProjection, simd: int) -> tuple[int, int]:
    """Width and depth of the buffer that holds a delayed projection's events."""
    chunks = ceil_div(p.weights.shape[0], simd)
    direct = p.source == INPUT and network.input.coding == "direct"
    words = (chunks + 1) * (network.input.bits + 1 if direct else 1)
    return 2 + index_bits(chunks) + simd, (p.delay + 1) * words


def _lane(datapath: Datapath) -> float:
    """Adder bits of a neuron's tick."""
    total = 0.0
    for node in datapath.nodes:
        if node.op in ("add", "sub", "lt", "le", "clamp", "select"):
            total += node.width
        elif node.op == "cmul":
            total += node.width * max(0, bin(node.value).count("1") - 1)
        elif node.op == "mul":
            total += node.width**2 / 4
    return total * _LUTS["adder bit"]


def _groups(network: IntegerNetwork) -> list[list[int]]:
    """Layers that read the same events, and so take equally many sources at once."""
    group = list(range(len(network.layers)))
    for a, b in itertools.combinations(range(len(network.layers)), 2):
        shared = {p.source for p in network.layers[a].projections} & {
            p.source for p in network.layers[b].projections
        }
        if shared:
            group = [group[a] if g == group[b] else g for g in group]
    return [[k for k, g in enumerate(group) if g == name] for name in sorted(set(group))]


def _cheapest(
    options: Sequence[Mapping[int, Sequence[_Option]]],
    groups: Iterable[Sequence[int]],
    budget: float,
    target: Target,
    key: Callable[[Sequence[_Option], Target], float],
) -> list[_Option] | None:
    """The cheapest option of every layer with at most ``budget`` clocks per tick."""
    chosen: dict[int, _Option] = {}
    for group in groups:
        best: list[_Option] | None = None
        for simd in options[group[0]]:
            found = []
            for k in group:
                within = [o for o in options[k][simd] if o.clocks <= budget]
                if not within:
                    break
                found.append(min(within, key=lambda o: key([o], target)))
            else:
                if best is None or key(found, target) < key(best, target):
                    best = found
        if best is None:
            return None
        chosen.update(zip(group, best, strict=True))
    return [chosen[k] for k in range(len(options))]


def _cost(options: Sequence[_Option], target: Target) -> float:
    """Shares of the device's LUTs and block RAMs."""
    luts, brams = sum(o.luts for o in options), sum(o.brams for o in options)
    return luts / (target.luts or 10_000) + brams / (target.brams or 100)


def _memory(options: Sequence[_Option], target: Target) -> float:
    """Block RAMs; among equals the cheaper."""
    return sum(o.brams for o in options) + 1e-6 * _cost(options, target)


def _clocks(network: IntegerNetwork, options: Sequence[_Option]) -> int:
    """Expected clocks of an inference: the slowest layer sets the pace, the others fill."""
    clocks = [o.clocks for o in options]
    entering = max(
        network.input.size / options[0].folding.simd if network.input.coding == "rate" else 0,
        *clocks,
    )
    return round(entering * network.ticks + sum(clocks) - max(clocks))


def _plan(network: IntegerNetwork, options: Sequence[_Option], verdict: str = "") -> FoldingPlan:
    return FoldingPlan(
        tuple(o.folding for o in options),
        _clocks(network, options),
        sum(o.brams for o in options),
        not verdict,
        verdict,
    )


def _too_large(
    network: IntegerNetwork,
    target: Target,
    options: Sequence[_Option],
    pe: int | None,
    simd: int | None,
) -> str:
    """By how much the memories exceed the device, and what was tried and would fit."""

    def fits(candidate: IntegerNetwork, device: Target) -> bool:
        per = _options(candidate, device, {}, pe, simd)
        found = _cheapest(per, _groups(candidate), math.inf, device, _memory)
        return found is not None and sum(o.brams for o in found) <= (device.brams or 0)

    advice = []
    asked = [f"--{name} {n}" for name, n in (("pe", pe), ("simd", simd)) if n]
    if asked:
        free = _cheapest(
            _options(network, target, {}, None, None), _groups(network), math.inf, target, _memory
        )
        if free is not None and sum(o.brams for o in free) <= (target.brams or 0):
            advice.append(f"leaving out {' and '.join(asked)}")
    widest = max(layer.bits for layer in network.layers)
    for bits in range(widest - 1, 1, -1):
        if fits(_narrowed(network, bits), target):
            advice.append(f"weights of {bits} bits")
            break
    if len(network.layers) > 1:
        for percent in range(1, 100):
            if fits(_pruned(network, percent), target):
                advice.append(f"pruning {percent} % of the neurons before the output")
                break
    for device in targets().values():
        if device.brams and device.family in BLOCK_RAMS and fits(network, device):
            advice.append(f"target {device.name}")
            break
    needed, there = sum(o.brams for o in options), target.brams or 0
    weight_bits = sum(layer.synapses * layer.bits for layer in network.layers)
    room = (BLOCK_RAMS[target.family][0][0] * BLOCK_RAMS[target.family][0][1]) * there
    folding = f"with {' and '.join(asked)}" if asked else "at its smallest folding"
    return (
        f"network '{network.name}' needs {needed} block RAMs {folding}, {needed - there} more "
        f"than the {there} of {target.name} ({weight_bits / 1024:.0f} kbit "
        f"of weights, {room / 1024:.0f} kbit of memory); what would fit: "
        f"{', or '.join(advice) or 'a smaller network'}"
    )


def _narrowed(network: IntegerNetwork, bits: int) -> IntegerNetwork:
    """The sizes of a network with weights of at most ``bits``; its numbers mean nothing."""
    layers = tuple(replace(layer, bits=min(layer.bits, bits)) for layer in network.layers)
    return replace(network, layers=layers)


def _pruned(network: IntegerNetwork, percent: int) -> IntegerNetwork:
    """The sizes of a network without a share of each layer but the output; as `_narrowed`."""
    sizes = [
        layer.size if k == network.output else max(1, layer.size * (100 - percent) // 100)
        for k, layer in enumerate(network.layers)
    ]
    layers = []
    for layer, size in zip(network.layers, sizes, strict=True):
        projections = tuple(
            replace(p, weights=p.weights[: None if p.source == INPUT else sizes[p.source], :size])
            for p in layer.projections
        )
        layers.append(replace(layer, size=size, projections=projections))
    return replace(network, layers=tuple(layers))
