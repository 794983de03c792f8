"""One network over many chips and hosts: sliced at its wires, run with gates on every link."""

from sc_neurocore.partition._picture import draw_partitions, draw_placement

__all__ = ["draw_partitions", "draw_placement"]
