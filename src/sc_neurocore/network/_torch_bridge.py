"""A network as a torch module: the same tick program, with gradients through its spikes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._groups import Group
from sc_neurocore.network._members import driven_port
from sc_neurocore.network._nir import outputs_of
from sc_neurocore.network._population import Population, SpikeSourceArray
from sc_neurocore.network._projection import Projection
from sc_neurocore.training import Cell, CellState

if TYPE_CHECKING:
    from sc_neurocore.network._network import Network

import torch
from torch import Tensor, nn


class NetworkTorchBridge(nn.Module):  # type: ignore[misc]
    """Differentiable copy of a network; its weights are parameters.

    A tick is that of the network: cells evaluate the same program, a spike of tick k over d ticks
    arrives in tick k + d. Stimuli are not copied; what drives a population is given to `forward`.

    Attributes:
        weights: per projection ``(synapses,)`` in CSR order, or one number that all share.
        outputs: labels of the populations whose spikes `forward` returns; see `Network.to_nir`.
    """

    def __init__(self, network: Network, groups: Sequence[Group], surrogate_fn: Any = None) -> None:
        """Copy a network; `Network.to_torch` calls this.

        Raises:
            SCConfigError: a model draws random numbers, a parameter differs between neurons of one
                population, or a projection is plastic.
        """
        super().__init__()
        self._network = network
        self.outputs = tuple(outputs_of(network))
        self._cells = nn.ModuleDict()
        self._members: dict[str, Population | SpikeSourceArray] = {}
        for population in network.populations:
            self._members[population.label] = population
            if isinstance(population, SpikeSourceArray):
                continue
            group = next(g for g in groups if any(p is population for p in g.populations))
            self._add_cell(group, population, surrogate_fn)
        dtype = torch.get_default_dtype()
        self.weights = nn.ParameterList()
        self._routes: list[tuple[Projection, list[tuple[int, Tensor, Tensor, Tensor]]]] = []
        for projection in network.projections:
            if projection.plasticity is not None:
                raise SCConfigError(
                    f"projection {projection.name} is plastic, which to_torch cannot copy"
                )
            synapses = projection.synapses
            self.weights.append(nn.Parameter(torch.tensor(synapses.weights, dtype=dtype)))
            row = np.repeat(np.arange(synapses.sources), np.diff(synapses.starts))
            routes = []
            for ticks in np.unique(synapses.delays):
                at = np.flatnonzero(synapses.delays == ticks)
                ends = (at, row[at], synapses.indices[at].astype(np.int64))
                routes.append((int(ticks), *(torch.from_numpy(x) for x in ends)))
            self._routes.append((projection, routes))

    def forward(self, inputs: Tensor | Mapping[str, Tensor]) -> Tensor | dict[str, Tensor]:
        """Run from the initial state.

        Args:
            inputs: by label ``(T, B, n)``: currents of a population, spikes of sources. Sources
                that are left out send the spikes they hold. One tensor will do for a network with
                one possible receiver: its only sources, else its only population without incoming
                projections.

        Returns:
            Spikes ``(T, B, n)`` by label of the output, or the tensor alone when there is one.

        Raises:
            SCConfigError: no such label, or shapes that do not fit.
        """
        given = self._named(inputs)
        like = next(iter(given.values()))
        ticks, batch = like.shape[:2]
        spikes: dict[str, list[Tensor]] = {label: [] for label in self._members}
        for label, member in self._members.items():
            if isinstance(member, SpikeSourceArray):
                spikes[label] = list(given[label] if label in given else _dense(member, like))
        states = {label: self._initial(label, batch) for label in self._cells}
        for t in range(ticks):
            arriving = self._arrivals(t, spikes, like)
            for label, cell in self._cells.items():
                population = self._members[label]
                assert isinstance(population, Population), "cells are of populations"
                values = arriving[label]
                if label in given:
                    port = driven_port(population)
                    values[port] = values[port] + given[label][t]
                fired, states[label] = cell(values, states[label])
                spikes[label].append(fired)
        found = {label: torch.stack(spikes[label]) for label in self.outputs}
        return found if len(found) > 1 else found[self.outputs[0]]

    def sync_to_network(self) -> None:
        """Copy the weights into the network's synapses.

        Raises:
            SCConfigError: the network is built and a projection's weight is one that all share.
        """
        for parameter, (projection, _) in zip(self.weights, self._routes, strict=True):
            synapses = projection.synapses
            learned = parameter.detach().cpu().numpy()
            if not isinstance(synapses.weights, float):
                synapses.weights[:] = learned
            elif self._network.is_built:
                raise SCConfigError(
                    f"the weight of projection {projection.name} is shared by all its synapses and "
                    "the network is built; call sync_to_network() before its first run"
                )
            else:
                projection._synapses = dataclasses.replace(synapses, weights=float(learned))

    def _add_cell(self, group: Group, population: Population, surrogate_fn: Any) -> None:
        part = group.part(population)
        for name, values in group.own.items():
            if np.ptp(values[part]):
                raise SCConfigError(
                    f"parameter '{name}' differs between neurons of population "
                    f"'{population.label}', which a torch cell cannot; use a population per value"
                )
        own = {name: float(values[part.start]) for name, values in group.own.items()}
        model = group.model.with_parameters(own)
        label = population.label
        if "." in label:
            raise SCConfigError(f"population '{label}' has a dot in its label; torch allows none")
        self._cells[label] = Cell(model) if surrogate_fn is None else Cell(model, surrogate_fn)
        dtype = torch.get_default_dtype()
        self.register_buffer(f"_initial_{label}", torch.tensor(group.values[:, part], dtype=dtype))
        base = np.array([group.base[p][part] for p in model.input_names])
        self.register_buffer(f"_base_{label}", torch.tensor(base, dtype=dtype))

    def _initial(self, label: str, batch: int) -> CellState:
        values = getattr(self, f"_initial_{label}")[:, None].expand(-1, batch, -1)
        state: CellState = self._cells[label].initial(values[0])
        return CellState(tuple(values), state.refractory, state.previous)

    def _arrivals(
        self, t: int, spikes: Mapping[str, list[Tensor]], like: Tensor
    ) -> dict[str, dict[str, Tensor]]:
        """Input of tick ``t`` by label and port."""
        batch = like.shape[1]
        found = {}
        for label, cell in self._cells.items():
            base = getattr(self, f"_base_{label}")
            names = cell.model.input_names
            found[label] = {p: b.expand(batch, -1) for p, b in zip(names, base, strict=True)}
        for weight, (projection, routes) in zip(self.weights, self._routes, strict=True):
            ports = found[projection.target.label]
            for delay, at, row, target in routes:
                if t < delay:
                    continue
                own = weight if weight.ndim == 0 else weight[at.to(weight.device)]
                sent = spikes[projection.source.label][t - delay]
                passed = sent[:, row.to(sent.device)] * own
                port = ports[projection.port]
                ports[projection.port] = port.index_add(1, target.to(port.device), passed)
        return found

    def _named(self, inputs: Tensor | Mapping[str, Tensor]) -> dict[str, Tensor]:
        if isinstance(inputs, Tensor):
            names = [k for k, m in self._members.items() if isinstance(m, SpikeSourceArray)]
            if not names:
                hearing = {p.target.label for p, _ in self._routes}
                names = [k for k in self._cells if k not in hearing]
            if len(names) != 1:
                raise SCConfigError(
                    "the network has no single receiver of one tensor; give a mapping by label"
                )
            inputs = {names[0]: inputs}
        found = dict(inputs)
        shapes = {x.shape[:2] for x in found.values()}
        for label, x in found.items():
            if label not in self._members:
                raise SCConfigError(f"the network has no population or sources '{label}'")
            n = self._members[label].n
            if x.ndim != 3 or x.shape[2] != n or len(shapes) != 1:
                raise SCConfigError(
                    f"the input of '{label}' has shape {tuple(x.shape)}; it must be (T, B, {n}), "
                    "with one T and one B for all inputs"
                )
        if not found:
            raise SCConfigError("give at least one input; its shape says how long to run")
        return found


def _dense(source: SpikeSourceArray, like: Tensor) -> Tensor:
    """The spikes that sources hold, ``(T, B, n)``."""
    out = torch.zeros((like.shape[0], source.n), dtype=like.dtype, device=like.device)
    inside = source.tick < len(out)
    at = tuple(torch.from_numpy(x[inside]).to(out.device) for x in (source.tick, source.neuron))
    out.index_put_(at, torch.ones_like(out[at]), accumulate=True)
    return out[:, None].expand(-1, like.shape[1], -1)
