"""Compiled networks on disk: the same again, byte for byte, or one sentence."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.build._bundle import BundleError
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Graph, PartitionError, Partitions, Place, Places, Wire
from sc_neurocore.nir_bridge import SCNetwork, from_nir
from sc_neurocore.partition import (
    PlacesFile,
    compile_partitions,
    load_places,
    open_program,
    write_program,
)

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "partition"


@pytest.fixture(scope="module")
def network() -> SCNetwork:
    return from_nir(ROOT / "examples" / "digits" / "digits-small.nir")


@pytest.fixture(scope="module")
def program(network: SCNetwork) -> Partitions:
    return compile_partitions(network, load_places(EXAMPLES / "hosts.toml"))


def contents(path: Path) -> dict[str, bytes]:
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_a_program_comes_back(program: Partitions, network: SCNetwork, tmp_path: Path) -> None:
    write_program(program, tmp_path / "a", {"after.svg": "<svg/>"})
    again = open_program(tmp_path / "a")
    assert again.whole == program.whole and dict(again.parts) == dict(program.parts)
    for name in ("names", "crossings", "slots", "passports"):
        assert dict(getattr(again, name)) == dict(getattr(program, name))
    assert again.places == program.places
    fresh = compile_partitions(network, load_places(EXAMPLES / "hosts.toml"))
    write_program(fresh, tmp_path / "b", {"after.svg": "<svg/>"})
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert str(tmp_path).encode() not in b"".join(contents(tmp_path / "a").values())
    write_program(again, tmp_path / "a", {"after.svg": "<svg/>"})  # replaces what is unchanged


def test_every_change_is_refused(program: Partitions, tmp_path: Path) -> None:
    path = tmp_path / "p"
    write_program(program, path)
    for name, data in contents(path).items():
        if name == "manifest.json":
            continue
        (path / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(BundleError, match="does not match its digest"):
            open_program(path)
        (path / name).unlink()
        with pytest.raises(BundleError, match="lacks"):
            open_program(path)
        (path / name).write_bytes(data)
    open_program(path)
    with pytest.raises(BundleError, match="is not a bundle"):
        open_program(tmp_path)


def test_a_program_without_passports_is_not_written(program: Partitions, tmp_path: Path) -> None:
    with pytest.raises(PartitionError, match="has no passport; run StampMetadata"):
        write_program(dataclasses.replace(program, passports={}), tmp_path / "p")
    assert not list(tmp_path.iterdir())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_text("keep")
    with pytest.raises(SCConfigError, match="is not empty"):
        write_program(program, tmp_path / "mine")
    assert (tmp_path / "mine" / "notes").read_text() == "keep"


def test_user_passes_run_once_per_part(network: SCNetwork) -> None:
    seen: list[str] = []

    def per_part(part: Graph) -> Graph:
        seen.append(part.name)
        return part

    def once(partitions: Partitions) -> Partitions:
        seen.append("all")
        return partitions

    file = PlacesFile(Places({"a": Place("a"), "b": Place("b")}))
    made = compile_partitions(network, file, user_passes=(per_part, once))
    assert seen == [*made.names.values(), "all"]
    names = [step["name"] for step in made.passports["a"]["passes"]]  # type: ignore[attr-defined]
    assert names[-3:-1] == ["PerPart", f"{__name__}.{once.__qualname__}"]
    with pytest.raises(PartitionError, match="does not say what it takes; annotate its parameter"):
        compile_partitions(network, file, user_passes=(lambda x: x,))


def test_traffic_decides_and_a_deadline_is_refused(network: SCNetwork) -> None:
    inputs = np.ones((2, 4, 64))
    places = Places({"a": Place("a"), "b": Place("b")}, {}, Wire(per_hop_budget_ns=1500))
    made = compile_partitions(network, PlacesFile(Places(places.places)), inputs=inputs)
    assert len(made.parts) == 2
    with pytest.raises(PartitionError, match=r"DeriveDeadlines: Edge .* misses its deadline"):
        compile_partitions(network, PlacesFile(places, tick_ns=1000), inputs=inputs)
