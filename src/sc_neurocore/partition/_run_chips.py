"""A program on virtual chips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from numpy.typing import ArrayLike

from sc_neurocore.accelerator import Quantisation, quantise
from sc_neurocore.accelerator._normal import real_network
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.ir import Assumptions, PartitionError, Partitions, Receive
from sc_neurocore.nir_bridge import SCNetwork, from_nir
from sc_neurocore.nir_bridge._graphs import settings_of
from sc_neurocore.partition._chip_rtl import DEFAULT_LINK, LinkOptions
from sc_neurocore.partition._chip_trace import ChipRun
from sc_neurocore.partition._chips import LinkFault, VirtualChips, build_chips


def chips_of(
    partitions: Partitions,
    options: Quantisation | None = None,
    *,
    ticks: int | None = None,
    assumptions: Assumptions | None = None,
    calibration: ArrayLike | None = None,
    latency: int = 4,
    link: LinkOptions = DEFAULT_LINK,
) -> VirtualChips:
    """The chips of a program. The whole network is quantised once, and then cut.

    Args:
        partitions: the program.
        options: formats and coding; the input is spikes, so not ``direct``. None takes spikes as
            they come, and the ticks and the width of the weights that the network states.
        ticks: of an inference, before those of the options.
        assumptions: what the graph leaves open; None for what the network states, as `from_nir`.
        calibration: samples that formats are fitted to, see `quantise`.
        latency: clocks of a link, 1 to 4096.
        link: how the ends of links are built.

    Raises:
        PartitionError: something else than spikes would have to travel, a chip has no input or
            receives streams of bits, a population has no place, or chips wait for one another
            within a tick.
        SCConfigError: the network is none that an engine can run.
    """
    whole = partitions.whole
    for place, part in partitions.parts.items():
        for node in part.nodes_of(Receive):
            if isinstance(node.op, Receive) and node.op.decoder == "stream":
                raise PartitionError(
                    f"chip '{place}' is to receive streams of bits at '{node.id}', and virtual "
                    "chips take addresses; compile the program without an SC-NIR document to run it"
                )
    network = from_nir(whole) if assumptions is None else SCNetwork(whole, assumptions)
    options = options or _stated(partitions)
    options = replace(options, ticks=ticks or options.ticks)
    real = real_network(network.normal, network.assumptions)
    integers = quantise(network.normal, network.assumptions, options, calibration=calibration)
    ids = {layer.id: k for k, layer in enumerate(real.layers)}
    places = [partitions.whole.nodes[name].place for name in ids]
    for name, place in zip(ids, places, strict=True):
        if not place:
            raise PartitionError(f"population '{name}' has no place; place the graph first")
    crossings = [c for c in partitions.crossings.values() if c.node in ids]
    return build_chips(
        integers, places, crossings=crossings, ids=ids, passport=_passport(partitions),
        latency=latency, options=link,
    )  # fmt: skip


def run_chips(
    partitions: Partitions,
    inputs: ArrayLike,
    ticks: int,
    *,
    store: EvidenceStore,
    simulator: str = "verilator",
    options: Quantisation | None = None,
    assumptions: Assumptions | None = None,
    calibration: ArrayLike | None = None,
    latency: int = 4,
    link: LinkOptions = DEFAULT_LINK,
    faults: Sequence[LinkFault] = (),
    timeout_s: float = 600.0,
) -> ChipRun:
    """Run a program on virtual chips, and compare every spike with the unpartitioned network.

    Every place becomes a chip: receivers, the engine of its part, transmitters, all of it RTL. The
    links between them are models. What is compared with is the bit-true model of the whole.

    Args:
        partitions: the program.
        inputs: samples, as `encode_levels` takes them: with coding ``events`` (S, T, M) of zeros
            and ones.
        ticks: of an inference.
        store: evidence store.
        simulator: ``verilator``, ``yosys`` or ``icarus``.
        options: formats and coding, see `chips_of`; ``ticks`` replaces theirs.
        assumptions: see `chips_of`.
        calibration: samples that formats are fitted to, see `quantise`.
        latency: clocks of a link, 1 to 4096.
        link: how the ends of links are built.
        faults: what the links do to packets.
        timeout_s: wall time allowed to a tool.

    Raises:
        PartitionError: the program cannot be chips.
        SCConfigError: samples of the wrong shape or range, or the chips never come to rest.
        SCDependencyError: the simulator is not installed.
        ToolError: a tool failed.
    """
    chips = chips_of(
        partitions, options, ticks=ticks, assumptions=assumptions, calibration=calibration,
        latency=latency, link=link,
    )  # fmt: skip
    return chips.run(inputs, store=store, simulator=simulator, faults=faults, timeout_s=timeout_s)


def _stated(partitions: Partitions) -> Quantisation:
    """What the network says of itself; its input is spikes, whatever they were coded from."""
    settings = settings_of(partitions.whole.metadata)
    bits = settings.get("weight_bits", Quantisation.bits)
    if isinstance(bits, Mapping):  # one per connection: the widest holds them all
        bits = max(bits.values(), default=Quantisation.bits)
    return Quantisation(
        bits=bits,
        ticks=settings.get("ticks", Quantisation.ticks),
        coding="direct" if settings.get("coding") == "direct" else "events",  # refused later
    )


def _passport(partitions: Partitions) -> int:
    """First 32 bits of the program's digest; of the whole graph's if it is not stamped."""
    stamped = next(iter(partitions.passports.values()), {})
    digest = str(stamped.get("program", partitions.whole.digest))
    return int(digest.rpartition(":")[2][:8], 16)
