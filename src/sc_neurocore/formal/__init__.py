"""Proofs: properties for all time, mutants that must fail, netlists equal to their RTL.

`prove_neuron` states what the model's semantics demand (`properties`), injects it into the module
as assertions, checks that every one of them arrives at the solver, and proves them by k-induction.
`refute_mutant` breaks the module on purpose and shows where. `equivalent` compares the synthesised
netlist with the RTL.
"""

from sc_neurocore.formal._block import block_properties, prove_block
from sc_neurocore.formal._equivalence import EQUIVALENCE_FAMILIES, equivalent
from sc_neurocore.formal._multiplier import multiplier_properties, multiplier_source
from sc_neurocore.formal._mutants import (
    MUTANT_KINDS,
    Mutant,
    MutantResult,
    mutant,
    mutants,
    refute,
    refute_mutant,
)
from sc_neurocore.formal._properties import properties
from sc_neurocore.formal._property import Property, PropertySet
from sc_neurocore.formal._prove import ProofError, ProofResult, prove, prove_neuron
from sc_neurocore.formal._registers import prove_registers, register_properties
from sc_neurocore.formal._stimulus import Stimulus, directed_stimulus
from sc_neurocore.formal._trace import Departure, Trace, replay

__all__ = [
    "EQUIVALENCE_FAMILIES",
    "MUTANT_KINDS",
    "Departure",
    "Mutant",
    "MutantResult",
    "ProofError",
    "ProofResult",
    "Property",
    "PropertySet",
    "Stimulus",
    "Trace",
    "block_properties",
    "directed_stimulus",
    "equivalent",
    "multiplier_properties",
    "multiplier_source",
    "mutant",
    "mutants",
    "properties",
    "prove",
    "prove_block",
    "prove_neuron",
    "prove_registers",
    "refute",
    "refute_mutant",
    "register_properties",
    "replay",
]
