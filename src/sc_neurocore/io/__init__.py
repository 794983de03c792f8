"""Cells, networks and recordings in NeuroML, SONATA, SpikeInterface and NWB.

Names load when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sc_neurocore.io._lems import export_neuroml
    from sc_neurocore.io._neuroml import ImportedCell, create_neuron, import_neuroml
    from sc_neurocore.io._recordings import (
        DoubleSpikeWarning,
        firing_rates_to_sc_probs,
        from_sorting,
        read_nwb,
        spike_trains_to_bitstreams,
        spike_trains_to_population_input,
        to_sorting,
        write_nwb,
    )
    from sc_neurocore.io._sonata import import_sonata, import_sonata_edges, import_sonata_nodes
    from sc_neurocore.io._sonata_circuit import read_circuit
    from sc_neurocore.io._sonata_spikes import (
        SONATASpikes,
        read_spikes,
        write_spikes,
    )
    from sc_neurocore.io._sonata_tables import (
        SONATAEdge,
        SONATAEdges,
        SONATANetwork,
        SONATANode,
        SONATANodes,
    )
    from sc_neurocore.io._sonata_write import write_circuit
    from sc_neurocore.io._unread import UnreadWarning

_MODULES = {
    "_lems": ("export_neuroml",),
    "_neuroml": ("ImportedCell", "create_neuron", "import_neuroml"),
    "_recordings": (
        "DoubleSpikeWarning",
        "firing_rates_to_sc_probs",
        "from_sorting",
        "read_nwb",
        "spike_trains_to_bitstreams",
        "spike_trains_to_population_input",
        "to_sorting",
        "write_nwb",
    ),
    "_sonata": ("import_sonata", "import_sonata_edges", "import_sonata_nodes"),
    "_sonata_circuit": ("read_circuit",),
    "_sonata_spikes": (
        "SONATASpikes",
        "read_spikes",
        "write_spikes",
    ),
    "_sonata_tables": (
        "SONATAEdge",
        "SONATAEdges",
        "SONATANetwork",
        "SONATANode",
        "SONATANodes",
    ),
    "_sonata_write": ("write_circuit",),
    "_unread": ("UnreadWarning",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "DoubleSpikeWarning",
    "ImportedCell",
    "SONATAEdge",
    "SONATAEdges",
    "SONATANetwork",
    "SONATANode",
    "SONATANodes",
    "SONATASpikes",
    "UnreadWarning",
    "create_neuron",
    "export_neuroml",
    "firing_rates_to_sc_probs",
    "from_sorting",
    "import_neuroml",
    "import_sonata",
    "import_sonata_edges",
    "import_sonata_nodes",
    "read_circuit",
    "read_nwb",
    "read_spikes",
    "spike_trains_to_bitstreams",
    "spike_trains_to_population_input",
    "to_sorting",
    "write_circuit",
    "write_nwb",
    "write_spikes",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
