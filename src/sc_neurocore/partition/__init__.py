"""One network over many chips and hosts: sliced at its wires, run with gates on every link."""

__all__: list[str] = []
