"""One network over many chips and hosts: sliced at its wires, run with gates on every link."""

from sc_neurocore.partition._counters import ReceivedCounters, SentCounters
from sc_neurocore.partition._digest import spike_digests
from sc_neurocore.partition._fault_table import FaultRow, fault_table
from sc_neurocore.partition._guard import Guard
from sc_neurocore.partition._lossy import FaultPlan, Injected, LossyChannel
from sc_neurocore.partition._packet import (
    DamagedPacketError,
    PacketError,
    PacketKind,
    SpikePacket,
)
from sc_neurocore.partition._part import Pace
from sc_neurocore.partition._receiver import AERReceiver
from sc_neurocore.partition._run import LinkReport, PartitionRun
from sc_neurocore.partition._runtime import run_place, run_program
from sc_neurocore.partition._sender import AERSender
from sc_neurocore.partition._status import PartStatus, read_status
from sc_neurocore.partition._transport import Channel, memory_link

__all__ = [
    "AERReceiver",
    "AERSender",
    "Channel",
    "DamagedPacketError",
    "FaultPlan",
    "FaultRow",
    "Guard",
    "Injected",
    "LinkReport",
    "LossyChannel",
    "Pace",
    "PacketError",
    "PacketKind",
    "PartStatus",
    "PartitionRun",
    "ReceivedCounters",
    "SentCounters",
    "SpikePacket",
    "fault_table",
    "memory_link",
    "read_status",
    "run_place",
    "run_program",
    "spike_digests",
]
