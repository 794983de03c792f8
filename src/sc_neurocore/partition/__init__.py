"""One network over many chips and hosts: sliced at its wires, run with gates on every link."""

from sc_neurocore.partition._areas import Area, find_areas, upper_ends
from sc_neurocore.partition._places_file import PlacesFile, load_places
from sc_neurocore.partition._traffic import measure_traffic

__all__ = [
    "Area",
    "PlacesFile",
    "find_areas",
    "load_places",
    "measure_traffic",
    "upper_ends",
]
