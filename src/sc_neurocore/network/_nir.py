"""A network as a graph, and so as NIR.

What NIR can say of a neuron is read from its numbers, not from its name: one state that leaks is a
``LIF``, one that does not an ``IF``, and one behind a decaying current a ``CubaLIF``. NIR knows no
initial state (a reader starts at 0), so potentials are counted from the initial one, which changes
nothing in the equations. A spike of tick k over d ticks is there a spike through a ``Delay`` of d
ticks; the jump that it causes is written as the current which, held for the tick, has that effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Affine, Delay, Edge, Graph, Input, Neurons, Node, Output, Scale
from sc_neurocore.network._flow import NotLinearError, flow_of
from sc_neurocore.network._groups import Group
from sc_neurocore.network._monitors import SpikeMonitor
from sc_neurocore.network._population import Population
from sc_neurocore.network._projection import Projection

if TYPE_CHECKING:
    from sc_neurocore.network._network import Network

Array = NDArray[np.float64]

#: Entries of all dense weight matrices together; NIR has no sparse ones.
_MOST_WEIGHTS = 2**27


@dataclass(frozen=True, eq=False)
class _Cells:
    """A population in NIR's words, and what a unit at each input is of the current it takes."""

    neurons: Neurons
    scale: dict[str, Array]
    reset: str


def graph_of(network: Network, groups: Sequence[Group], dt: float) -> Graph:
    """The graph of a connected network.

    Sources are Inputs of their spikes; every stimulated input of a population is an Input
    ``LABEL.PORT`` that takes the stimulus's values. Outputs ``LABEL.out`` are the populations with
    a `SpikeMonitor`; without any, those that project nowhere; without any, all.

    Args:
        network: connected.
        groups: its groups.
        dt: tick in ms.

    Raises:
        SCConfigError: it holds what NIR cannot say, by name.
    """
    from sc_neurocore.nir_bridge._graphs import with_settings

    cells = {id(p): _cells(g, p, dt) for g in groups for p in g.populations}
    nodes: list[Node] = []
    edges: list[Edge | tuple[str, str]] = []
    for population in network.populations:
        if isinstance(population, Population):
            nodes.append(Node(population.label, cells[id(population)].neurons))
        else:
            nodes.append(Node(population.label, Input((population.n,))))
    _require_room(network.projections)
    for number, projection in enumerate(network.projections):
        if projection.plasticity is not None:
            raise SCConfigError(f"projection {projection.name} is plastic, which NIR cannot say")
        source, target = projection.source.label, projection.target.label
        scale = cells[id(projection.target)].scale[projection.port]
        for ticks, weight in _by_delay(projection):
            stem = f"{source}.{target}.{number}.{ticks}"
            late = np.full(projection.source.n, ticks * dt * 1e-3)
            nodes.append(Node(f"{stem}.delay", Delay(late)))
            nodes.append(Node(f"{stem}.weight", Affine(weight * scale[:, None])))
            ends = (source, f"{stem}.delay", f"{stem}.weight", target)
            edges += pairwise(ends)
    for label, port, population in dict.fromkeys(
        (p.label, port, p) for _, p, port in network.stimuli
    ):
        name, scale = f"{label}.{port}", cells[id(population)].scale[port]
        nodes.append(Node(name, Input((population.n,))))
        if (scale == 1).all():
            edges.append((name, label))
        else:
            nodes.append(Node(f"{name}.scale", Scale(scale)))
            edges += [(name, f"{name}.scale"), (f"{name}.scale", label)]
    if not any(isinstance(node.op, Input) for node in nodes):
        raise SCConfigError(
            "the network has neither sources nor stimuli, and NIR needs an input; add one"
        )
    for label in outputs_of(network):
        nodes.append(Node(f"{label}.out", Output(None)))
        edges.append((label, f"{label}.out"))
    resets = {c.reset for c in cells.values()}
    if len(resets) > 1:
        raise SCConfigError(
            "some populations are reset to a value and others lowered by their threshold; a NIR "
            "file has one rule for all"
        )
    graph = Graph.of("network", nodes, edges, dt=dt * 1e-3)
    return with_settings(graph, {"reset": resets.pop(), "cuba_order": "voltage_first"})


def _cells(group: Group, population: Population, dt: float) -> _Cells:
    """A population as NIR has it, or a refusal that names it and what NIR lacks."""
    name = f"population '{population.label}' of model '{population.model.name}'"

    def refused(what: str) -> SCConfigError:
        return SCConfigError(f"{name} {what}, which NIR cannot say")

    try:
        flow = flow_of(group)
    except NotLinearError as error:
        raise SCConfigError(f"{name} cannot be written as NIR: {error}") from None
    if flow.refractory:
        raise refused(f"has a refractory period of {group.model.refractory:g} ms")
    part, size = group.part(population), len(flow.rate)
    states, initial = group.model.state_names, group.values[:, part]
    spiking = np.flatnonzero(flow.normal)
    if len(spiking) != 1 or flow.normal[spiking[0]] <= 0 or size > 2:
        raise refused(f"has the states {', '.join(states)} and the threshold "
                      f"'{group.model.threshold_text}'")  # fmt: skip
    v = int(spiking[0])
    other = 1 - v if size == 2 else None
    leak = -flow.rate[v, v]
    start = initial[v]
    level = flow.level[part] / flow.normal[v]
    if not flow.strict:  # NIR's neuron spikes above its threshold, not at it
        level = np.nextafter(level, -np.inf)
    constant, jump = flow.constant[part], flow.jump[part]
    gain = flow.gain[part]
    if leak < 0 or (leak == 0 and constant[:, v].any()):
        raise refused("is driven without a leak" if leak == 0 else "grows by itself")
    seconds = 1e-3 / leak if leak else np.nan
    common = {"v_threshold": level - start, "v_reset": flow.put[part, v] - start}
    reset = "reset"
    if flow.keep[v, v] == 1:
        if np.abs(flow.put[part, v] + flow.level[part] / flow.normal[v] - start).max() > 1e-12:
            raise refused("is lowered at a spike by something else than its threshold")
        reset, common["v_reset"] = "subtract", np.zeros(population.n)
    if flow.keep[v, v] not in (0, 1) or (other is not None and (
        flow.keep[v, other] or flow.keep[other, v] or flow.keep[other, other] != 1
        or flow.put[part, other].any()
    )):  # fmt: skip
        raise refused(f"is reset by '{group.model.reset[0].source}'")
    ports = group.model.input_names
    drive = gain[:, :, v]
    rest = constant[:, v] / leak - start if leak else np.zeros(population.n)
    if other is None:
        # A unit of NIR's input moves v by r·dt/tau in a tick (r·dt without a leak).
        unit = next((drive[:, k] for k in range(len(ports)) if drive[:, k].any()), None)
        unit = np.ones(population.n) if unit is None else unit
        if (unit == 0).any():
            raise refused("has neurons that its current does not drive")
        scale = {p: drive[:, k] / unit + jump[:, k, v] / (unit * dt) for k, p in enumerate(ports)}
        if leak:
            own = {"tau": np.full(population.n, seconds), "r": unit / leak, "v_leak": rest}
            return _Cells(Neurons("lif", own | common), scale, reset)
        return _Cells(Neurons("if", {"r": unit * 1e3} | common), scale, reset)
    decay, pull = -flow.rate[other, other], flow.rate[v, other]
    if flow.rate[other, v] or decay <= 0 or not leak or not pull:
        raise refused(f"has the coupled states {', '.join(states)}")
    if drive.any() or jump[:, :, v].any() or constant[:, other].any() or initial[other].any():
        raise refused("has a current beside its synaptic one, or one that does not start at 0")
    # A unit of NIR's input moves the synaptic current by dt/tau_syn in a tick.
    scale = {p: (gain[:, k, other] + jump[:, k, other] / dt) / decay for k, p in enumerate(ports)}
    own = {
        "tau_mem": np.full(population.n, seconds), "tau_syn": np.full(population.n, 1e-3 / decay),
        "r": np.full(population.n, pull / leak), "v_leak": rest, "w_in": np.ones(population.n),
    }  # fmt: skip
    return _Cells(Neurons("cuba_lif", own | common), scale, reset)


def _by_delay(projection: Projection) -> list[tuple[int, Array]]:
    """Dense weights ``(targets, sources)`` of the synapses of each delay, in ticks."""
    synapses = projection.synapses
    row = np.repeat(np.arange(synapses.sources), np.diff(synapses.starts))
    found = []
    for ticks in np.unique(synapses.delays):
        chosen = synapses.delays == ticks
        weight = np.zeros((synapses.targets, synapses.sources))
        np.add.at(weight, (synapses.indices[chosen], row[chosen]), synapses.data[chosen])
        found.append((int(ticks), weight))
    return found


def _require_room(projections: Sequence[Projection]) -> None:
    entries = sum(p.source.n * p.target.n * len(np.unique(p.synapses.delays)) for p in projections)
    if entries > _MOST_WEIGHTS:
        raise SCConfigError(
            f"NIR has dense weights only, one matrix per delay: {entries:.3g} numbers for this "
            f"network, and at most {_MOST_WEIGHTS:.3g} are written; give fewer delays or neurons"
        )


def outputs_of(network: Network) -> list[str]:
    """Labels of the populations that are outputs: see `graph_of`."""
    watched = {id(m.population) for m in network.monitors if isinstance(m, SpikeMonitor)}
    cells = [p for p in network.populations if isinstance(p, Population)]
    sending = {id(p.source) for p in network.projections}
    for chosen in (
        [p for p in cells if id(p) in watched],
        [p for p in cells if id(p) not in sending],
    ):
        if chosen:
            return [p.label for p in chosen]
    return [p.label for p in cells]


def nir_of(network: Network, groups: Sequence[Group], dt: float) -> Any:
    """See `Network.to_nir`."""
    from sc_neurocore.nir_bridge import to_nir

    return to_nir(graph_of(network, groups, dt))
