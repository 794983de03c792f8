"""One network over many chips and hosts: sliced at its wires, run with gates on every link."""

from sc_neurocore.partition._places_file import PlacesFile, load_places
from sc_neurocore.partition._traffic import measure_traffic

__all__ = ["PlacesFile", "load_places", "measure_traffic"]
