"""One network over many chips and hosts: sliced at its wires, run with gates on every link."""

from sc_neurocore.partition._areas import Area, find_areas, upper_ends
from sc_neurocore.partition._chip_rtl import LinkOptions
from sc_neurocore.partition._chip_trace import ChipRun
from sc_neurocore.partition._chips import LinkFault, VirtualChips, build_chips
from sc_neurocore.partition._compile import PerPart, compile_partitions
from sc_neurocore.partition._counters import ReceivedCounters, SentCounters
from sc_neurocore.partition._digest import spike_digests
from sc_neurocore.partition._fault_table import FaultRow, fault_table
from sc_neurocore.partition._guard import Guard
from sc_neurocore.partition._lossy import FaultPlan, Injected, LossyChannel
from sc_neurocore.partition._mpi import MPIDriver
from sc_neurocore.partition._packet import DamagedPacketError, PacketError, PacketKind, SpikePacket
from sc_neurocore.partition._part import Pace
from sc_neurocore.partition._picture import draw_partitions, draw_placement
from sc_neurocore.partition._places_file import PlacesFile, load_places
from sc_neurocore.partition._program import open_program, write_program
from sc_neurocore.partition._ranks import RankRun, run_on_ranks, spike_digest
from sc_neurocore.partition._receiver import AERReceiver
from sc_neurocore.partition._run import LinkReport, PartitionRun
from sc_neurocore.partition._run_chips import chips_of, run_chips
from sc_neurocore.partition._runtime import run_place, run_program
from sc_neurocore.partition._samples import encode_dataset
from sc_neurocore.partition._sender import AERSender
from sc_neurocore.partition._status import PartStatus, read_status
from sc_neurocore.partition._traffic import measure_traffic
from sc_neurocore.partition._transport import Channel, memory_link

__all__ = [
    "AERReceiver",
    "AERSender",
    "Area",
    "Channel",
    "ChipRun",
    "DamagedPacketError",
    "FaultPlan",
    "FaultRow",
    "Guard",
    "Injected",
    "LinkFault",
    "LinkOptions",
    "LinkReport",
    "LossyChannel",
    "MPIDriver",
    "Pace",
    "PacketError",
    "PacketKind",
    "PartStatus",
    "PartitionRun",
    "PerPart",
    "PlacesFile",
    "RankRun",
    "ReceivedCounters",
    "SentCounters",
    "SpikePacket",
    "VirtualChips",
    "build_chips",
    "chips_of",
    "compile_partitions",
    "draw_partitions",
    "draw_placement",
    "encode_dataset",
    "fault_table",
    "find_areas",
    "load_places",
    "measure_traffic",
    "memory_link",
    "open_program",
    "read_status",
    "run_chips",
    "run_on_ranks",
    "run_place",
    "run_program",
    "spike_digest",
    "spike_digests",
    "upper_ends",
    "write_program",
]
