"""NIR in and out under their documented names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sc_neurocore.ir import Assumptions, Graph
from sc_neurocore.nir_bridge._graphs import (
    graph_of,
    nir_object,
    nir_tree,
    read_nir,
    settings_of,
    tree_of,
    with_settings,
    write_nir,
)
from sc_neurocore.nir_bridge._network import SCNetwork


def from_nir(
    source: Any,
    dt: float | None = None,
    reset_mode: str | None = None,
    reset_when: str | None = None,
    cuba_order: str | None = None,
    delay_rounding: str | None = None,
) -> SCNetwork:
    """A network that runs, from NIR.

    What is not given is taken from the file's metadata (JSON under ``sc_neurocore``), then from
    `Assumptions`; `SCNetwork.describe` says which.

    Args:
        source: path of a NIR file, a `nir.NIRGraph`, or a `Graph`.
        dt: seconds per tick.
        reset_mode: ``reset`` (v becomes v_reset) or ``subtract`` (v falls by v_threshold).
        reset_when: ``same_tick`` or ``next_tick``.
        cuba_order: ``current_first`` or ``voltage_first``.
        delay_rounding: ``nearest``, ``floor`` or ``ceil``.

    Raises:
        NIRError: the file is damaged, hostile or not NIR.
        GraphError: the network in it breaks a rule.
        SCConfigError: an option is not allowed.
        SCDependencyError: nir or h5py is not installed.
    """
    if isinstance(source, Graph):
        graph = source
    elif isinstance(source, (str, Path)):
        graph = read_nir(source)
    else:
        graph = graph_of(nir_tree(source), "network")
    settings = settings_of(graph.metadata)
    given = {
        "reset": reset_mode,
        "reset_when": reset_when,
        "cuba_order": cuba_order,
        "delay_rounding": delay_rounding,
    }
    known = {name: settings[name] for name in given if name in settings}
    known |= {name: value for name, value in given.items() if value is not None}
    assumed = [name for name in given if name not in known]
    if dt is None and "dt" not in settings and not isinstance(source, Graph):
        assumed.insert(0, "dt")
    assumptions = Assumptions(dt=graph.dt if dt is None else dt, **known)
    return SCNetwork(graph, assumptions, tuple(assumed))


def to_nir(network: SCNetwork | Graph, path: str | Path | None = None) -> Any:
    """A network as NIR.

    What the file states comes back as it was: ``from_nir`` and ``to_nir`` are inverse, except that
    `nir` itself gives a population without v_reset one of zeros; the file leaves it out.

    Args:
        network: its graph is written, with its dt and the assumptions that are not the default.
        path: of a file to write as well, whole or not at all.

    Returns:
        A `nir.NIRGraph`.

    Raises:
        NIRError: an id cannot be stored, or the place cannot be written.
        SCDependencyError: nir or h5py is not installed.
    """
    graph = network if isinstance(network, Graph) else _stating(network)
    converted = nir_object(tree_of(graph))
    if path is not None:
        write_nir(graph, path)
    return converted


def _stating(network: SCNetwork) -> Graph:
    """The graph of a network; its metadata state every assumption that is not the default."""
    settings = settings_of(network.graph.metadata)
    default = Assumptions()
    names = ("reset", "reset_when", "cuba_order", "delay_rounding")
    values = {name: getattr(network.assumptions, name) for name in names}
    changes = {k: v for k, v in values.items() if settings.get(k, getattr(default, k)) != v}
    return with_settings(network.graph.replace(dt=network.assumptions.dt), changes)
