"""Plasticity and synapse rules as data, their kernels and their hardware lanes."""

from __future__ import annotations

from sc_neurocore.synapses._build import build_rule
from sc_neurocore.synapses._document import RuleDocument, describe_rule, list_rules, load_rule
from sc_neurocore.synapses._rule import Place, Rule
from sc_neurocore.synapses._state import Events, PlasticState

__all__ = [
    "Events",
    "Place",
    "PlasticState",
    "Rule",
    "RuleDocument",
    "build_rule",
    "describe_rule",
    "list_rules",
    "load_rule",
]
