"""The engine's RTL against the bit-true model: every spike, every clock, every class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore import __version__
from sc_neurocore.accelerator._bittrue import NetworkRun, layer_planes, simulate_network
from sc_neurocore.accelerator._cycles import CycleModel, Schedule
from sc_neurocore.accelerator._encode import encode_levels, rate_numbers
from sc_neurocore.accelerator._geometry import TICK, Stream
from sc_neurocore.accelerator._network import INPUT, Folding, IntegerNetwork, Integers
from sc_neurocore.accelerator._rtl import AcceleratorRtl, write_accelerator
from sc_neurocore.accelerator._stochastic import tick_weights
from sc_neurocore.evidence import EvidenceStore, Outcome, code_digest, run_cached
from sc_neurocore.toolchain import simulate_rtl, simulator_version

#: Clocks after the expected end of an inference, for an engine that is late.
_PATIENCE = 64


@dataclass(frozen=True)
class NetworkMismatch:
    """The first difference between RTL and model, in the order of samples, ticks and layers.

    Attributes:
        sample: index among the samples.
        what: ``current`` (the summed input of a neuron), ``spike``, ``class``, ``cycles`` (of a
            word, or of the end) or ``done`` (it never came).
        layer: name of the layer, or ``input``; empty for ``class``, ``done`` and the end.
        tick: tick of the inference, -1 if it has none.
        neuron: index in the layer, -1 if it has none.
        expected: what the model says: the current, 0 or 1, the class, or the clock.
        got: what the RTL did; -1 for nothing.
    """

    sample: int
    what: str
    layer: str
    tick: int
    neuron: int
    expected: int
    got: int

    def __str__(self) -> str:
        place = f"sample {self.sample}"
        if self.layer:
            place += f", layer '{self.layer}'"
        if self.tick >= 0:
            place += f", tick {self.tick}"
        if self.neuron >= 0:
            place += f", neuron {self.neuron}"
        return f"{place}: {self.what} expected {self.expected}, got {self.got}"


@dataclass(frozen=True, eq=False)
class NetworkCosimulation:
    """One co-simulation.

    Attributes:
        simulator: its name.
        version: its version.
        samples: inferences run.
        mismatches: inferences in which anything differed.
        wrong_classes: inferences with another class.
        words: stream words compared, each with its clock.
        spikes: spikes of the layers among them.
        layer_spikes: by layer with a stream, spikes of the model up to the end of each inference.
        rtl_spikes: those that the RTL sent, likewise.
        currents: summed inputs of neurons compared.
        cycles: clocks of each inference in the RTL, shape (S,); -1 where done never came.
        predictions: class of each in the RTL, shape (S,).
        first: the first mismatch.
        evidence: key of the record.
        cached: whether the record was found rather than made.
    """

    simulator: str
    version: str
    samples: int
    mismatches: int
    wrong_classes: int
    words: int
    spikes: int
    layer_spikes: Mapping[str, int]
    rtl_spikes: Mapping[str, int]
    currents: int
    cycles: Integers
    predictions: Integers
    first: NetworkMismatch | None
    evidence: str
    cached: bool


def cosimulate_network(
    network: IntegerNetwork,
    foldings: Sequence[Folding],
    samples: ArrayLike,
    *,
    store: EvidenceStore,
    simulator: str = "verilator",
    sources: Mapping[str, str] | None = None,
    early_decision: bool = True,
    live: bool = False,
    timeout_s: float = 600.0,
    on_stage: Callable[[str], None] | None = None,
) -> NetworkCosimulation:
    """Run the RTL on samples and compare it with the bit-true model and the cycle model.

    Compared are, up to the end of each inference: the summed input of every neuron in every tick,
    every word of every stream (so every spike of every layer, in its tick), the clock in which it
    is passed, the class, and the clock of done.

    Args:
        network: the network.
        foldings: one per layer.
        samples: as for `simulate_network`.
        store: evidence store.
        simulator: ``verilator``, ``yosys`` or ``icarus``.
        sources: RTL to run instead of the written one (an edited file).
        early_decision: whether the engine stops as soon as the class is certain.
        live: run the live engine, with an idle host.
        timeout_s: wall time allowed.
        on_stage: told the tool's name when it starts.

    Raises:
        SCConfigError: the foldings do not fit the network, or the samples the input.
        SCDependencyError: the simulator is not installed.
        HardwareSimMismatchError: an output of the RTL is undefined.
        ToolError: a tool failed.
    """
    rtl = write_accelerator(network, foldings, early_decision=early_decision, live=live)
    text = dict(rtl.sources if sources is None else sources)
    levels = encode_levels(network.input, samples, network.ticks)
    model = CycleModel(network, foldings, early_decision=early_decision)
    run = _Run(network, rtl, text, model, levels, simulator, store, timeout_s, on_stage)
    record = run_cached(
        store,
        word="executed",
        tool="network co-simulation",
        version=__version__,
        options={
            "simulator": simulator,
            "simulator_version": simulator_version(simulator),
            "top": rtl.engine,
            "ticks": network.ticks,
            "early_decision": model.early,
            "code": code_digest(),
        },
        inputs={
            **{f"rtl/{name}": content for name, content in text.items()},
            **{f"model/{name}": content for name, content in rtl.sources.items()},
            "levels": levels.astype("<i8").tobytes(),
        },
        run=run.compare,
    )
    result: Mapping[str, Any] = record.result
    return NetworkCosimulation(
        simulator=simulator,
        version=str(record.options["simulator_version"]),
        samples=result["samples"],
        mismatches=result["mismatches"],
        wrong_classes=result["wrong_classes"],
        words=result["words"],
        spikes=sum(result["layer_spikes"].values()),
        layer_spikes=result["layer_spikes"],
        rtl_spikes=result["rtl_spikes"],
        currents=result["currents"],
        cycles=np.array(result["cycles"], dtype=np.int64),
        predictions=np.array(result["predictions"], dtype=np.int64),
        first=None if result["first"] is None else NetworkMismatch(**result["first"]),
        evidence=record.key,
        cached=record.cached,
    )


class _Run:
    def __init__(
        self,
        network: IntegerNetwork,
        rtl: AcceleratorRtl,
        sources: Mapping[str, str],
        model: CycleModel,
        levels: Integers,
        simulator: str,
        store: EvidenceStore,
        timeout_s: float,
        on_stage: Callable[[str], None] | None,
    ) -> None:
        self.network, self.rtl, self.sources, self.model = network, rtl, sources, model
        self.levels, self.simulator, self.store = levels, simulator, store
        self.timeout_s, self.on_stage = timeout_s, on_stage

    def compare(self) -> Outcome:
        expected = simulate_network(self.network, self.levels, spikes=True)
        assert expected.spikes is not None
        slots = self.model.input_slots(self.levels)
        schedules = [
            self.model.schedule(
                slots[i], [layer[i] for layer in expected.spikes], int(expected.ticks_used[i])
            )
            for i in range(len(self.levels))
        ]
        starts, inputs = self._stimulus(schedules)
        # The input's own stream depends on the pins of the coming clock, if it is events.
        seen = {
            s: names
            for s, names in self.rtl.observed.items()
            if s != INPUT or self.network.input.coding != "events"
        }
        outputs = {"done": 1, "class_index": self.rtl.outputs["class_index"]}
        for s, (valid, data) in seen.items():
            outputs |= {valid: 1, data: self.rtl.streams[s].width}
        for k, (valid, data) in self.rtl.currents.items():
            outputs |= {valid: 1, data: self.rtl.current_bits[k]}
        _, traces, _ = simulate_rtl(
            self.simulator,
            self.sources,
            self.rtl.engine,
            clock="clk",
            reset="rst_n",
            inputs=inputs,
            input_widths=self.rtl.inputs,
            output_widths=outputs,
            store=self.store,
            timeout_s=self.timeout_s,
            on_stage=self.on_stage,
        )
        found: list[NetworkMismatch | None] = []
        clocks, classes = [], []
        words = currents = 0
        names = {s: self.network.layers[s].name for s in self.rtl.streams if s != INPUT}
        layer_spikes = dict.fromkeys(names.values(), 0)
        rtl_spikes = dict(layer_spikes)
        for i, schedule in enumerate(schedules):
            window = {name: trace[starts[i] : starts[i + 1]] for name, trace in traces.items()}
            ends = np.flatnonzero(window["done"])
            clocks.append(int(ends[0]) if len(ends) else -1)
            classes.append(int(window["class_index"][ends[0]]) if len(ends) else -1)
            sums = layer_currents(self.network, self.levels[i], [x[i] for x in expected.spikes])
            wrong_sums, compared = self._currents(i, schedule, sums, window)
            currents += compared
            found.append(
                self._first(
                    i, schedule, expected, window, seen, wrong_sums, clocks[-1], classes[-1]
                )
            )
            for s, edges in schedule.edges.items():
                passed = (edges > 0) & (edges <= schedule.done)
                words += int(passed.sum())
                if s != INPUT:
                    stream, (valid, data) = self.rtl.streams[s], seen[s]
                    rows = np.flatnonzero(window[valid][: schedule.done])
                    layer_spikes[names[s]] += _ones(stream, schedule.words[s][passed])
                    rtl_spikes[names[s]] += _ones(stream, window[data][rows].astype(np.int64))
        wrong = sum(a != int(b) for a, b in zip(classes, expected.predictions, strict=True))
        first = next((f for f in found if f is not None), None)
        return Outcome(
            {
                "samples": len(schedules),
                "mismatches": sum(f is not None for f in found),
                "wrong_classes": wrong,
                "words": words,
                "layer_spikes": layer_spikes,
                "rtl_spikes": rtl_spikes,
                "currents": currents,
                "cycles": list(clocks),
                "predictions": list(classes),
                "first": None if first is None else asdict(first),
            },
            "",
        )

    def _stimulus(
        self, schedules: Sequence[Schedule]
    ) -> tuple[list[int], dict[str, NDArray[np.uint64]]]:
        """Row of each sample's start (and the end), and the inputs' levels."""
        events = self.network.input.coding == "events"
        loading = 0 if events else self.network.input.size
        starts, row = [], 0
        for schedule in schedules:
            starts.append(row + loading)
            row += loading + schedule.done + 1 + _PATIENCE
        inputs = {name: np.zeros(row, dtype=np.uint64) for name in self.rtl.inputs}
        for start, level, schedule in zip(starts, self.levels, schedules, strict=True):
            inputs["start"][start] = 1
            if not events:
                inputs["load"][start - loading : start] = 1
                inputs["level"][start - loading : start] = level.astype(np.uint64)
                continue
            edges, words = schedule.edges[INPUT], schedule.words[INPUT]
            before = 0
            for edge, word in zip(edges.tolist(), words.tolist(), strict=True):
                if not 0 < edge <= schedule.done:
                    break
                inputs["event_valid"][start + before + 1 : start + edge + 1] = 1
                inputs["event_data"][start + before + 1 : start + edge + 1] = word
                before = edge
        return [*starts, row], inputs

    def _currents(
        self,
        sample: int,
        schedule: Schedule,
        expected: Sequence[Integers],
        window: Mapping[str, NDArray[np.uint64]],
    ) -> tuple[dict[int, NetworkMismatch], int]:
        """First wrong current of each layer that has one, and how many were compared."""
        wrong, compared = {}, 0
        for k, (valid, data) in self.rtl.currents.items():
            wanted = expected[k].reshape(-1)
            rows = np.flatnonzero(window[valid][: schedule.done])[: len(wanted)]
            bits = self.rtl.current_bits[k]
            got = window[data][rows].astype(np.int64)
            got = np.where(got >> (bits - 1) == 1, got - (1 << bits), got)
            compared += len(got)
            different = np.flatnonzero(got != wanted[: len(got)])
            if len(different):
                at = int(different[0])
                layer = self.network.layers[k]
                tick, neuron = divmod(at, layer.size)
                wrong[k] = NetworkMismatch(
                    sample, "current", layer.name, tick, neuron, int(wanted[at]), int(got[at])
                )
        return wrong, compared

    def _first(
        self,
        sample: int,
        schedule: Schedule,
        expected: NetworkRun,
        window: Mapping[str, NDArray[np.uint64]],
        seen: Mapping[int, tuple[str, str]],
        wrong_sums: Mapping[int, NetworkMismatch],
        done: int,
        class_: int,
    ) -> NetworkMismatch | None:
        # What differs of each layer: its sums, then its spikes.
        differing: dict[int, list[NetworkMismatch]] = {k: [m] for k, m in wrong_sums.items()}
        clocks: list[NetworkMismatch] = []
        for s, (valid, data) in seen.items():
            name = "input" if s == INPUT else self.network.layers[s].name
            edges, words = schedule.edges[s], schedule.words[s]
            count = int(((edges > 0) & (edges <= schedule.done)).sum())
            # A word that is passed at edge e can be seen after edge e - 1.
            rows = np.flatnonzero(window[valid][: schedule.done])
            got = window[data][rows].astype(np.int64)
            if s != INPUT:
                # A layer that waits for delayed spikes alone may be ahead of the others' end.
                ends = np.cumsum(got >> (self.rtl.streams[s].width - 2) == TICK)
                whole = int(np.searchsorted(ends, self.network.ticks)) + 1
                rows, got = rows[:whole], got[:whole]
            common = min(count, len(got))
            differ = np.flatnonzero(words[:common] != got[:common])
            if len(differ) or count != len(got):
                tick, neuron, wanted, found = _locate(self.rtl.streams[s], words[:count], got)
                if tick >= 0:
                    differing.setdefault(s, []).append(
                        NetworkMismatch(sample, "spike", name, tick, neuron, wanted, found)
                    )
                    continue
            late = np.flatnonzero(edges[:common] != rows[:common] + 1)
            at = int(late[0]) if len(late) else common
            if len(late) or count != len(got):
                kinds = words[:at] >> (self.rtl.streams[s].width - 2)
                clocks.append(
                    NetworkMismatch(
                        sample,
                        "cycles",
                        name,
                        int((kinds == TICK).sum()),
                        -1,
                        int(edges[at]) if at < count else -1,
                        int(rows[at]) + 1 if at < len(rows) else -1,
                    )
                )
        if differing:
            in_order = [m for k in sorted(differing) for m in differing[k]]
            return min(in_order, key=lambda m: m.tick)
        if clocks:
            return min(clocks, key=lambda m: m.tick)
        if done < 0:
            return NetworkMismatch(sample, "done", "", -1, -1, schedule.done, -1)
        if done != schedule.done:
            return NetworkMismatch(sample, "cycles", "", -1, -1, schedule.done, done)
        prediction = int(expected.predictions[sample])
        if class_ != prediction:
            return NetworkMismatch(sample, "class", "", -1, -1, prediction, class_)
        return None


def layer_currents(
    network: IntegerNetwork, levels: Integers, spikes: Sequence[NDArray[np.uint8]]
) -> list[Integers]:
    """Summed inputs of every neuron, from the spikes: per layer (T, N).

    Args:
        network: the network.
        levels: of one sample, as `encode_levels` gives them.
        spikes: of each layer, (T, N).
    """
    ticks, coding = network.ticks, network.input
    entering = levels
    if coding.coding == "direct":
        entering = np.tile(levels, (ticks, 1))
    elif coding.coding == "rate":
        entering = (rate_numbers(coding.bits, ticks)[:, None] < levels).astype(np.int64)
    found = []
    for layer in network.layers:
        planes = layer_planes(network, layer)
        total = np.zeros((ticks, layer.size), dtype=np.int64)
        for p in layer.projections:
            x = entering if p.source == INPUT else spikes[p.source].astype(np.int64) << planes
            weights = p.weights[None]
            if layer.backend == "stochastic":
                weights = tick_weights(p.weights, layer.bits, layer.length, ticks)
            for t in range(p.delay, ticks):
                total[t] += x[t - p.delay] @ weights[t % len(weights)].astype(np.int64)
        found.append(total)
    return found


def _ones(stream: Stream, words: Integers) -> int:
    """Spikes that words carry."""
    return sum(int((words >> lane & 1).sum()) for lane in range(stream.simd))


def _locate(stream: Stream, words: Integers, got: Integers) -> tuple[int, int, int, int]:
    """Tick, neuron, expected and found spike of the first difference; tick -1 if only clocks do."""
    a, b = _spikes(stream, words), _spikes(stream, got)
    ticks = min(len(a), len(b))
    different = a[:ticks] != b[:ticks]
    if not different.any():
        return -1, -1, -1, -1
    tick, neuron = (int(i) for i in np.unravel_index(int(different.argmax()), different.shape))
    return tick, neuron, int(a[tick, neuron]), int(b[tick, neuron])


def _spikes(stream: Stream, words: Integers) -> NDArray[np.uint8]:
    """Sums of the masks in each whole tick (or plane) of a stream, (ticks, neurons)."""
    kinds = words >> (stream.width - 2)
    ends = kinds != 0
    tick = np.cumsum(ends) - ends
    ticks = int(ends.sum())
    found = np.zeros((ticks, stream.addresses * stream.simd), dtype=np.uint8)
    events = ~ends & (tick < ticks)
    address = (words >> stream.simd) & ((1 << stream.address_bits) - 1)
    for lane in range(stream.simd):
        neuron = np.minimum(address * stream.simd + lane, found.shape[1] - 1)
        np.add.at(
            found, (tick[events], neuron[events]), ((words[events] >> lane) & 1).astype(np.uint8)
        )
    return found
