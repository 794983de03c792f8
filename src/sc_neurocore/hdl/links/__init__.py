"""The gates at the ends of a link, as integer state machines.

They are the specification: the host's gates (`sc_neurocore.partition`) and the Verilog modules
(``sc_dedup_window``, ``sc_peer_health``, ``sc_backoff``, ``sc_credit_flow``) do what they do, step
by step. All constants are in ``gates.toml``. A packet's checksum is CRC-32, `zlib.crc32` here and
``sc_crc32`` in hardware.
"""

from __future__ import annotations

from sc_neurocore.hdl.links._backoff import Backoff, BackoffState, jitter
from sc_neurocore.hdl.links._constants import CONSTANTS, Constant
from sc_neurocore.hdl.links._credit import Acknowledgement, CreditFlow, CreditState
from sc_neurocore.hdl.links._dedup import DedupState, DedupWindow, Verdict
from sc_neurocore.hdl.links._health import HealthState, LinkEvent, PeerHealth

__all__ = [
    "CONSTANTS",
    "Acknowledgement",
    "Backoff",
    "BackoffState",
    "Constant",
    "CreditFlow",
    "CreditState",
    "DedupState",
    "DedupWindow",
    "HealthState",
    "LinkEvent",
    "PeerHealth",
    "Verdict",
    "jitter",
]
