"""What belongs to a network: complete, and named apart."""

from __future__ import annotations

from collections.abc import Sequence

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._monitors import Monitor, WeightMonitor
from sc_neurocore.network._population import Population, SpikeSourceArray
from sc_neurocore.network._projection import Projection
from sc_neurocore.network._stimuli import PoissonInput, Stimulus


def require_members(
    populations: Sequence[Population | SpikeSourceArray],
    projections: Sequence[Projection],
    stimuli: Sequence[tuple[Stimulus, Population, str]],
    monitors: Sequence[Monitor],
) -> None:
    """Refuse what names something that is not in the network.

    Raises:
        SCConfigError: that, or there is no population.
    """
    known = {id(p) for p in populations}
    used: list[tuple[str, Population | SpikeSourceArray]] = []
    for projection in projections:
        used += [(f"projection {projection.name}", p)
                 for p in (projection.source, projection.target)]  # fmt: skip
    used += [("a stimulus", population) for _, population, _ in stimuli]
    for monitor in monitors:
        if not isinstance(monitor, WeightMonitor):
            used.append(("a monitor", monitor.population))
        elif not any(p is monitor.projection for p in projections):
            raise SCConfigError(
                f"a monitor watches projection {monitor.projection.name}, which is not in the "
                "network; add it"
            )
    for what, population in used:
        if id(population) not in known:
            raise SCConfigError(f"{what} names {population!r}, which is not in the network; add it")
    if not any(isinstance(p, Population) for p in populations):
        raise SCConfigError("the network has no population; add one")


def stream_names(projections: Sequence[Projection]) -> list[str]:
    """Name of every projection's stream: its label, or ends and how many came before."""
    stems: list[str] = []
    names: list[str] = []
    for p in projections:
        stem = p.label or f"{p.source.label}>{p.target.label}>{p.port}"
        earlier = stems.count(stem)
        stems.append(stem)
        names.append(f"{stem}>{earlier}" if earlier else stem)
    return names


def stimulated(stimulus: Stimulus, to: Population, port: str | None) -> str:
    """The input that a stimulus drives: Poisson events as spikes do, a current its only one."""
    if port is not None or isinstance(stimulus, PoissonInput):
        return to.port(port)
    return driven_port(to)


def driven_port(to: Population) -> str:
    """The input of a population that a current drives: ``I``, or its only current.

    Raises:
        SCConfigError: there are several, or none.
    """
    currents = [q.name for q in to.model.inputs if q.kind == "current"]
    if "I" in currents or len(currents) == 1:
        return "I" if "I" in currents else currents[0]
    listed = ", ".join(currents) or "none"
    raise SCConfigError(
        f"model '{to.model.name}' has several currents or none ({listed}); name one as port"
    )
