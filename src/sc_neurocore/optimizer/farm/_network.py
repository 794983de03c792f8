"""Networks of files, as the build quantises them: what a model is tested on, never trained."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore.accelerator import Folding, IntegerNetwork, engine_shape
from sc_neurocore.build.network import NetworkOptions, NetworkSource, read_network
from sc_neurocore.build.network._plan import plan_network
from sc_neurocore.cost import EngineShape
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.farm._job import Job
from sc_neurocore.toolchain import get_target


def network_jobs(
    path: Path, *, data: str | None, targets: Sequence[str], foldings: int, seed: int = 0
) -> Iterator[Job]:
    """A network of a file on both back ends: as the build folds it, and in random foldings.

    Args:
        path: a ``.nir`` or ``.onnx`` file.
        data: samples that its formats are fitted to, as `NetworkOptions` takes them.
        targets: devices.
        foldings: random ones of each back end.
        seed: of the foldings.

    Raises:
        SCConfigError: the file is no network.
    """
    source = read_network(path)
    for backend in ("fixed", "stochastic"):
        rng = np.random.default_rng(seed)
        common = {"file": str(path), "digest": source.digest, "data": data, "backend": backend}
        sizes = [x.size for x in _integers(str(path), source.digest, data, backend)[0].layers]
        drawn = []
        for _ in range(foldings):
            simd = int(2 ** rng.integers(0, 4))
            drawn.append([[int(rng.integers(1, min(n, 24) + 1)), simd] for n in sizes])
        for target in targets:
            chosen = _integers(str(path), source.digest, data, backend, target)[1]
            default = [[f.pe, f.simd] for f in chosen]
            for k, folding in enumerate([default, *drawn]):
                place = get_target(target).place_and_route and not k
                yield Job("network", path.stem, {**common, "foldings": folding}, target, place)


def network_of(parameters: Mapping[str, Any]) -> tuple[IntegerNetwork, tuple[Folding, ...]]:
    """The network and the foldings of a job.

    Raises:
        SCConfigError: the file is not the one that the job was made for.
    """
    network, _ = _integers(
        parameters["file"], parameters["digest"], parameters["data"], parameters["backend"]
    )
    return network, tuple(Folding(pe, simd) for pe, simd in parameters["foldings"])


def predicted_engine(
    source: NetworkSource, options: NetworkOptions
) -> tuple[EngineShape, tuple[Folding, ...]]:
    """What a build would make of a network, as the cost model sees it, and how it is folded.

    Raises:
        SCConfigError: network, data and options do not fit one another.
        SCCompilerError: the weights do not fit the target.
    """
    target = get_target(options.target)
    plan = plan_network(source, options, target, EvidenceStore(), lambda _: None)
    return engine_shape(plan.form.network, plan.foldings), plan.foldings


@functools.lru_cache(maxsize=16)
def _integers(
    path: str, digest: str, data: str | None, backend: Any, target: str = "ecp5-85k"
) -> tuple[IntegerNetwork, tuple[Folding, ...]]:
    options = NetworkOptions(target=target, backend=backend, data=data)
    source = read_network(Path(path), options)
    if source.digest != digest:
        raise SCConfigError(f"{path} is not the file that the job was made for; collect it again")
    plan = plan_network(source, options, get_target(target), EvidenceStore(), lambda _: None)
    return plan.form.network, plan.foldings
