"""Places files: what they say, and a sentence for everything that they must not say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Place, Wire
from sc_neurocore.partition import load_places

GOOD = """
tick_us = 1000
seed = 7
[places.left]
host = "10.0.0.1"
port = 5000
capacity = {neurons = 300, synapses = 9000}
roles = {random = "sobol"}
[places.right]
kind = "chip"
host = "10.0.0.2"
port = 5000
clock = "fast"
target = "ice40-hx8k"
capacity = {luts = 5000, brams = 20}
[wires.default]
hops = 2
per_hop_budget_us = 12.5
late = "next_tick"
[[wires.link]]
from = "left"
to = "right"
transport = "reliable"
window = 256
credits = 8
[nodes]
"lif1" = "left"
"cortex.*" = "right"
[split]
lif1 = 3
"cortex.v1" = 2
"""


def load(tmp_path: Path, text: str | bytes) -> object:
    path = tmp_path / "hosts.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_places(path)


def test_everything_that_a_file_may_say(tmp_path: Path) -> None:
    file = load_places_of(tmp_path, GOOD)
    assert (file.tick_ns, file.places.seed) == (1_000_000, 7)
    assert file.nodes == {"lif1": "left", "cortex.*": "right"}
    assert file.splits == {"lif1": 3, "cortex.v1": 2}
    left = Place("left", "process", "10.0.0.1", 5000, "tick", "",
                 {"neurons": 300, "synapses": 9000}, {"random": "sobol"})  # fmt: skip
    right = Place("right", "chip", "10.0.0.2", 5000, "fast", "ice40-hx8k",
                  {"luts": 5000, "brams": 20})  # fmt: skip
    assert file.places.places == {"left": left, "right": right}
    default = Wire(hops=2, per_hop_budget_ns=12_500, late="next_tick")
    assert file.places.wire("right", "left") == default
    # A link has what it does not say from the default wire.
    link = Wire("reliable", 2, 12_500, "next_tick", 256, 8)
    assert file.places.wire("left", "right") == link


def load_places_of(tmp_path: Path, text: str):
    path = tmp_path / "hosts.toml"
    path.write_text(text)
    return load_places(path)


def test_the_shortest_file(tmp_path: Path) -> None:
    file = load_places_of(tmp_path, "[places.only]")
    assert file.places.places == {"only": Place("only")}
    assert (file.tick_ns, file.nodes, file.splits) == (None, {}, {})
    assert file.places.default_wire == Wire()


TWO = "[places.left]\n[places.right]\n"

BAD = [
    ("", ": {f} has no places; give at least one table [places.NAME]"),
    ("tick_ms = 1\n" + TWO, ": {f} has no key 'tick_ms'; did you mean 'tick_us'?"),
    (
        "tick_us = 0\n" + TWO,
        ": {f} tick_us is 0; it must be a positive number of microseconds with at most three "
        "decimal places",
    ),
    (
        "tick_us = nan\n" + TWO,
        ": {f} tick_us is nan; it must be a positive number of microseconds with at most three "
        "decimal places",
    ),
    (
        "tick_us = 0.0015\n" + TWO,
        ": {f} tick_us is 0.0015; it must be a positive number of microseconds with at most three "
        "decimal places",
    ),
    (
        "tick_us = true\n" + TWO,
        ": {f} tick_us is true; it must be a positive number of microseconds with at most three "
        "decimal places",
    ),
    ("seed = -1\n" + TWO, ": {f} seed is -1; it must be a whole number from 0 to 4294967295"),
    ("places = 3", ": {f} places is 3; it must be a table"),
    ("[places]\nleft = 3", ": {f}: [places] left is 3; it must be a table"),
    (
        '[places."a b"]',
        ": {f}: [places] 'a b' is no name of a place; use a letter, then letters, digits, '_' and "
        "'-', 64 at most",
    ),
    ("[places.a]\nhots = 'x'", ": {f}: [places.a] has no key 'hots'; did you mean 'host'?"),
    (
        "[places.a]\nkind = 'chp'",
        ": {f}: [places.a] kind is 'chp'; did you mean 'chip'?",
    ),
    (
        "[places.a]\nkind = 1",
        ": {f}: [places.a] kind is 1; it must be one of process, chip",
    ),
    (
        "[places.a]\nhost = ''",
        ": {f}: [places.a] host is ''; it must be a text in quotes, not empty",
    ),
    (
        "[places.a]\nport = 70000",
        ": {f}: [places.a] port is 70000; it must be a whole number from 0 to 65535",
    ),
    (
        "[places.a]\ntarget = 'ecp5-25k'",
        ": {f}: [places.a] target is 'ecp5-25k', but a process has none; leave it out, or set kind",
    ),
    (
        "[places.a]\nkind = 'chip'\ntarget = 'ecp5-25'",
        ": {f}: [places.a] target is 'ecp5-25'; did you mean 'ecp5-25k'?",
    ),
    (
        "[places.a]\ncapacity = {neurns = 3}",
        ": {f}: [places.a.capacity] has no key 'neurns'; did you mean 'neurons'?",
    ),
    (
        "[places.a]\ncapacity = {luts = 3}",
        ": {f}: [places.a.capacity] has no key 'luts'; known: neurons, synapses",
    ),
    (
        "[places.a]\ncapacity = {neurons = -3}",
        ": {f}: [places.a.capacity] neurons is -3; it must be a whole number from 0 to "
        "9007199254740992",
    ),
    (
        "[places.a]\ncapacity = {neurons = nan}",
        ": {f}: [places.a.capacity] neurons is nan; it must be a whole number from 0 to "
        "9007199254740992",
    ),
    (
        "[places.a]\nroles = {clock = 3}",
        ": {f}: [places.a.roles] clock is 3; it must be a text in quotes, not empty",
    ),
    (
        "[places.a]\nport = 5000\n[places.b]\nport = 5000",
        ": {f}: [places.b] port is 5000, which place 'a' has on the same host",
    ),
    (
        "[places.a]\nport = 5000\n[places.b]\nhost = 'far'",
        ": {f}: [places.b] has no port; places on several hosts must each give the first of "
        "theirs, 1 to 65535",
    ),
    (TWO + "[wires.defualt]", ": {f}: [wires] has no key 'defualt'; did you mean 'default'?"),
    (
        TWO + "[wires.default]\nwindow = 48",
        ": {f}: [wires.default] window is 48; it must be a power of two, such as 64",
    ),
    (
        TWO + "[wires.default]\nhops = 0",
        ": {f}: [wires.default] hops is 0; it must be a whole number from 1 to 65535",
    ),
    (
        TWO + "[wires.default]\nlate = 'drp'",
        ": {f}: [wires.default] late is 'drp'; did you mean 'drop'?",
    ),
    (
        TWO + "[wires.default]\nper_hop_budget_us = -1",
        ": {f}: [wires.default] per_hop_budget_us is -1; it must be a positive number of "
        "microseconds with at most three decimal places",
    ),
    (
        TWO + "[wires.default]\ncredits = 0",
        ": {f}: [wires.default] credits is 0; it must be a whole number from 1 to 65535",
    ),
    (
        TWO + "[wires.link]\nfrom = 'left'",
        ": {f}: [wires] link is a table; write each as its own [[wires.link]]",
    ),
    (
        TWO + "[[wires.link]]\nfrom = 'left'",
        ": {f}: [wires.link 1] does not say where it leads to; give to = PLACE",
    ),
    (
        TWO + "[[wires.link]]\nfrom = 'left'\nto = 'rigth'",
        ": {f}: [wires.link 1] to is 'rigth'; did you mean 'right'?",
    ),
    (
        TWO + "[[wires.link]]\nfrom = 'left'\nto = 'left'",
        ": {f}: [wires.link 1] leads from 'left' to itself; a wire joins two places",
    ),
    (
        TWO + 2 * "[[wires.link]]\nfrom = 'left'\nto = 'right'\n",
        ": {f}: [wires.link 2] is the second from 'left' to 'right'; give one for each pair",
    ),
    (TWO + "[nodes]\nlif = 'top'", ": {f}: [nodes] lif is 'top'; known: left, right"),
    (
        TWO + "[nodes]\na.b = 'left'",
        ": {f}: [nodes] a is a table; put ids with dots in quotes, then a place in quotes",
    ),
    (
        TWO + "[split]\nlif = 0",
        ": {f}: [split] lif is 0; it must be a whole number from 1 to 65536",
    ),
    (
        TWO + "[split]\na.b = 2",
        ": {f}: [split] a is a table; put ids with dots in quotes, then a number of slices",
    ),
    ("[places.a]\n[places.a]", ": {f}: not valid TOML: cannot declare ('places', 'a') twice "
     "(at line 2, column 10)"),
    (b"\xff", ": {f}: not UTF-8 text (byte 0)"),
    (b"#" * 1_048_577, ": {f}: larger than 1048576 bytes, the limit for a places file"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), BAD)
def test_what_a_file_must_not_say(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        load(tmp_path, text)
    assert f": {caught.value}" == sentence.replace("{f}", str(tmp_path / "hosts.toml"))


def test_a_chip_needs_a_target(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match=r"\[places\.a\] is a chip without a target; give one"):
        load(tmp_path, "[places.a]\nkind = 'chip'")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError) as caught:
        load_places(tmp_path / "none.toml")
    assert str(caught.value) == f"{tmp_path / 'none.toml'}: no such file"
    with pytest.raises(SCConfigError) as caught:
        load_places(tmp_path)
    assert str(caught.value) == f"{tmp_path}: cannot be read (Is a directory)"
    with pytest.raises(SCConfigError, match="cannot be read"):
        load_places("a\0b")


@given(st.integers(0, len(GOOD)), st.integers(0, 12), st.text(max_size=6))
def test_a_damaged_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, gone: int, new: str
) -> None:
    text = GOOD[:at] + new + GOOD[at + gone :]
    path = tmp_path_factory.getbasetemp() / "damaged.toml"
    path.write_bytes(text.encode(errors="surrogatepass"))
    try:
        load_places(path)
    except SCConfigError as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)
