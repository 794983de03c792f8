"""What a partitioned run gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Partitions
from sc_neurocore.partition._counters import ReceivedCounters, SentCounters
from sc_neurocore.partition._links import Link
from sc_neurocore.partition._lossy import Injected
from sc_neurocore.partition._packet import Addresses

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LinkReport:
    """Both ends of a link.

    Attributes:
        source: place that sends.
        target: place that receives.
        batch: number of the batch.
        sent: by the sender; None where the sender ran elsewhere.
        received: by the receiver; None where that ran elsewhere.
        injected: what a lossy link did; None without one.
    """

    source: str
    target: str
    batch: int
    sent: SentCounters | None
    received: ReceivedCounters | None
    injected: Injected | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class PartitionRun:
    """What a network over several places did.

    Attributes:
        outputs: by Output node, (ticks, *shape), or (samples, ticks, *shape).
        spikes: by population, of the same axes, bool; empty unless asked for.
        digests: by population, see `spike_digests`.
        links: counters of every link.
        traffic: spikes by crossing's stream number.
        restarts: by place, how often its process was started again.
        seconds: from the first tick to the last report.
    """

    outputs: Mapping[str, Array]
    spikes: Mapping[str, NDArray[np.bool_]]
    digests: Mapping[str, str]
    links: tuple[LinkReport, ...]
    traffic: Mapping[int, int]
    restarts: Mapping[str, int]
    seconds: float

    @property
    def output(self) -> Array:
        """The only output.

        Raises:
            SCConfigError: there are several.
        """
        if len(self.outputs) != 1:
            names = ", ".join(self.outputs)
            raise SCConfigError(f"the network has several outputs ({names}); name one of them")
        return next(iter(self.outputs.values()))


@dataclass
class Collected:
    """Reports of parts, put together.

    Attributes:
        samples: of the inputs; None without that axis.
        ticks: of a sample.
    """

    samples: int | None
    ticks: int
    outputs: dict[str, dict[int, Array]] = field(default_factory=dict)
    spikes: dict[str, dict[int, Addresses]] = field(default_factory=dict)
    done: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def take(self, first: int, outputs: Mapping[str, Array], spikes: list[dict[str, Any]]) -> None:
        """Take the outputs and spikes of some ticks; a restarted part gives some twice."""
        for name, values in outputs.items():
            self.outputs.setdefault(name, {}).update(enumerate(values, first))
        for tick, spiked in enumerate(spikes, first):
            for name, addresses in spiked.items():
                self.spikes.setdefault(name, {})[tick] = addresses

    def run(
        self, partitions: Partitions, links: tuple[Link, ...], restarts: Mapping[str, int],
        seconds: float,
    ) -> PartitionRun:  # fmt: skip
        """Everything, in order."""
        total = (self.samples or 1) * self.ticks
        axes = (self.ticks,) if self.samples is None else (self.samples, self.ticks)
        outputs = {}
        for name in sorted(self.outputs):
            values = np.stack([self.outputs[name][tick] for tick in range(total)])
            outputs[name] = values.reshape(*axes, *values.shape[1:])
        spikes = {}
        for name in sorted(self.spikes):
            shape = partitions.whole.port_type(name).shape or ()
            dense = np.zeros((total, int(np.prod(shape))), np.bool_)
            for tick, addresses in self.spikes[name].items():
                dense[tick, addresses] = True
            spikes[name] = dense.reshape(*axes, *shape)
        digests = {k: v for done in self.done.values() for k, v in done["digests"].items()}
        traffic = {k: v for done in self.done.values() for k, v in done["traffic"].items()}
        reports = []
        for i, link in enumerate(links):
            sent = self.done.get(link.source, {}).get("sent", {}).get(i)
            received = self.done.get(link.target, {}).get("received", {}).get(i)
            if sent is not None or received is not None:
                reports.append(
                    LinkReport(
                        link.source, link.target, link.batch,
                        None if sent is None else SentCounters.from_dict(sent),
                        None if received is None else ReceivedCounters.from_dict(received),
                        self.done.get(link.source, {}).get("injected", {}).get(i),
                    )
                )  # fmt: skip
        return PartitionRun(
            outputs, spikes, dict(sorted(digests.items())), tuple(reports),
            dict(sorted(traffic.items())), dict(restarts), seconds,
        )  # fmt: skip
