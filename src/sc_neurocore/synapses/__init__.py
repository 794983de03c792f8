"""Plasticity and synapse rules as data, their kernels and their hardware lanes."""

from __future__ import annotations

from sc_neurocore.hdl import OnlineO1Config, PairLane
from sc_neurocore.synapses._build import build_rule
from sc_neurocore.synapses._document import RuleDocument, describe_rule, list_rules, load_rule
from sc_neurocore.synapses._events import Events
from sc_neurocore.synapses._faces import (
    BCMSynapse,
    ClopathSTDP,
    DopamineStdpSynapse,
    PairSTDP,
    RewardModulatedSTDPSynapse,
    ShortTermPlasticitySynapse,
    StochasticSTDPSynapse,
    TripartiteSynapse,
    TripletSTDP,
)
from sc_neurocore.synapses._gap_junction import GapJunction
from sc_neurocore.synapses._online_o1 import (
    OnlineO1Snapshot,
    OnlineO1Synapse,
    build_online_o1_memory_proof,
)
from sc_neurocore.synapses._rule import Place, Rule
from sc_neurocore.synapses._state import PlasticState

__all__ = [
    "BCMSynapse",
    "ClopathSTDP",
    "DopamineStdpSynapse",
    "Events",
    "GapJunction",
    "OnlineO1Config",
    "OnlineO1Snapshot",
    "OnlineO1Synapse",
    "PairLane",
    "PairSTDP",
    "Place",
    "PlasticState",
    "RewardModulatedSTDPSynapse",
    "Rule",
    "RuleDocument",
    "ShortTermPlasticitySynapse",
    "StochasticSTDPSynapse",
    "TripartiteSynapse",
    "TripletSTDP",
    "build_online_o1_memory_proof",
    "build_rule",
    "describe_rule",
    "list_rules",
    "load_rule",
]
