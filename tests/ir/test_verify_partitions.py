"""The rules of partitions: every one is broken once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from sc_neurocore.ir import (
    Crossing,
    DedupGate,
    Edge,
    Graph,
    GraphError,
    Input,
    Node,
    Output,
    PartitionError,
    Partitions,
    Receive,
    Send,
    run_pass,
    run_passes,
    verify_partitions,
)

from .passes.networks import DT, PLACES, graph, lif


def whole() -> Graph:
    nodes = [lif("a", place="left"), lif("b", place="right")]
    made = graph(nodes, [("in", "a"), Edge("a", "b", delay=2), ("b", "out")])
    out = dataclasses.replace(made.nodes["out"], place="right")
    return made.replace(nodes={**made.nodes, "out": out})


def left(*more: Node, send: Node | None = None, edges: tuple[Edge, ...] = ()) -> Graph:
    table = whole().nodes
    send = send or Node("send.0.a", Send((2,), 0), "left")
    joined = [Edge("in", "a"), *(edges or (Edge("a", send.id),))]
    return Graph.of("left", [table["in"], table["a"], send, *more], joined, DT)


def right(*more: Node, receive: Node | None = None, edges: tuple[Edge, ...] = ()) -> Graph:
    table = whole().nodes
    receive = receive or Node("receive.0.a", Receive((2,), 0, 2), "right")
    joined = [Edge(receive.id, "b"), Edge("b", "out"), *edges]
    return Graph.of("right", [receive, table["b"], table["out"], *more], joined, DT)


def good() -> Partitions:
    crossing = Crossing(0, "a", "left", "right", 2, 2)
    parts = {"left": left(), "right": right()}
    return Partitions(whole(), parts, {"left": "left", "right": "right"}, {0: crossing}, PLACES)


def changed(**changes: object) -> Partitions:
    return dataclasses.replace(good(), **changes)  # type: ignore[arg-type]


def crossing(**changes: object) -> dict[int, Crossing]:
    return {0: dataclasses.replace(good().crossings[0], **changes)}  # type: ignore[arg-type]


def parts(**changes: Graph) -> dict[str, Graph]:
    return {**good().parts, **changes}


def test_a_good_one() -> None:
    given = good()
    verify_partitions(given)
    assert run_passes(given, [lambda partitions: partitions]) is given


def test_gates_may_stand_before_a_send() -> None:
    gate = Node("gate", DedupGate(), "left")
    chained = left(gate, edges=(Edge("a", "gate"), Edge("gate", "send.0.a")))
    verify_partitions(changed(parts=parts(left=chained)))


SAID = "Crossing 0 of 'a' from 'left' to 'right'"


@pytest.mark.parametrize(
    ("break_one", "sentence"),
    [
        (
            lambda: changed(parts=parts(moon=left()), names={**good().names, "moon": "m"}),
            "A part is at place 'moon'; the places are left, right.",
        ),
        (
            lambda: changed(names={"left": "left"}),
            "There are names for left, and parts at left, right; every part has one name.",
        ),
        (
            lambda: changed(names={"left": "x", "right": "x"}),
            "The parts at 'left' and 'right' are both named 'x'; names are unique.",
        ),
        (
            lambda: changed(
                whole=whole().replace(
                    nodes={**whole().nodes, "a": dataclasses.replace(whole().nodes["a"], place="")}
                )
            ),
            "Node 'a' has place '', where there is no part.",
        ),
        (
            lambda: changed(
                whole=whole().replace(
                    nodes={
                        **whole().nodes,
                        "a": dataclasses.replace(whole().nodes["a"], place="right"),
                    }
                )
            ),
            "Node 'a' has place 'right', and the part there lacks it.",
        ),
        (
            lambda: changed(
                parts=parts(left=left(lif("b"), edges=(Edge("a", "send.0.a"), Edge("a", "b"))))
            ),
            "Node 'b' has place 'right', and the part at 'left' holds it too.",
        ),
        (
            lambda: changed(
                parts=parts(left=left(lif("new"), edges=(Edge("a", "send.0.a"), Edge("a", "new"))))
            ),
            "Node 'new' of the part at 'left' is no node of the whole network; a pass adds no "
            "Neurons.",
        ),
        (
            lambda: changed(
                parts=parts(right=right(Node("new", Output(None)), edges=(Edge("b", "new"),)))
            ),
            "Node 'new' of the part at 'right' is no node of the whole network; a pass adds no "
            "Output.",
        ),
        (
            lambda: changed(
                parts=parts(
                    left=left(
                        Node("again", Send((2,), 0)),
                        edges=(Edge("a", "send.0.a"), Edge("a", "again")),
                    )
                )
            ),
            "Nodes 'send.0.a' and 'again' of place 'left' are both of stream 0; a crossing has "
            "one Send.",
        ),
        (
            lambda: changed(
                parts=parts(
                    left=left(
                        Node("more", Send((2,), 7)),
                        edges=(Edge("a", "send.0.a"), Edge("a", "more")),
                    )
                )
            ),
            "Node 'more' of place 'left' is of stream 7, and no crossing with that source has it.",
        ),
        (
            lambda: changed(
                parts=parts(
                    right=right(Node("more", Receive((2,), 7, 1)), edges=(Edge("more", "b"),))
                )
            ),
            "Node 'more' of place 'right' is of stream 7, and no crossing with that target has it.",
        ),
        (
            lambda: changed(crossings={5: good().crossings[0]}),
            "The crossing of stream 0 is filed under 5; they must be equal.",
        ),
        (
            lambda: changed(crossings=crossing(target="moon")),
            "Crossing 0 of 'a' from 'left' to 'moon' names place 'moon', where there is no part.",
        ),
        (
            lambda: changed(crossings=crossing(target="left")),
            "Crossing 0 of 'a' from 'left' to 'left' leads back to its own place.",
        ),
        (
            lambda: changed(crossings=crossing(delay=-1)),
            f"{SAID} has a negative delay of -1 ticks.",
        ),
        (
            lambda: changed(crossings=crossing(delay=1)),
            f"{SAID} has delay 1, and its 'receive.0.a' has 2.",
        ),
        (
            lambda: changed(crossings=crossing(size=3)),
            f"{SAID} has size 3, and its 'send.0.a' has 2.",
        ),
        (
            lambda: changed(parts=parts(left=left(send=Node("send.0.a", Send(None, 0))))),
            f"{SAID} has size 2, and its 'send.0.a' has None.",
        ),
        (
            lambda: changed(parts=parts(left=left(send=Node("s", Send((2,), 0))))),
            f"{SAID} has a Send named 's' in the part at 'left'; its id is 'send.0.a'.",
        ),
        (
            lambda: changed(parts=parts(left=left(send=Node("s", Send((2,), 1))))),
            f"{SAID} has no Send in the part at 'left'.",
        ),
        (
            lambda: changed(parts=parts(right=right(receive=Node("r", Input((2,)))))),
            "Node 'r' of the part at 'right' is no node of the whole network; a pass adds no "
            "Input.",
        ),
        (
            lambda: changed(parts=parts(right=right(receive=Node("r", Receive((2,), 1, 2))))),
            f"{SAID} has no Receive in the part at 'right'.",
        ),
        (
            lambda: changed(parts=parts(left=left(edges=(Edge("in", "send.0.a"),)))),
            f"{SAID} is sent by 'send.0.a', which does not read 'a' alone.",
        ),
        (
            lambda: changed(parts=parts(left=left(edges=(Edge("a", "send.0.a", delay=1),)))),
            f"{SAID} has a delay in front of 'send.0.a'; the wire holds it.",
        ),
    ],
)
def test_rules(break_one: Callable[[], Partitions], sentence: str) -> None:
    with pytest.raises(PartitionError) as error:
        verify_partitions(break_one())
    assert str(error.value) == sentence


def test_what_a_pass_replaces_is_verified_again() -> None:
    """But not what no rule is about."""
    given = good()
    verify_partitions(given)
    same = given.replace(crossings=crossing(kind="trigger_only", batch=3), slots={"left": {}})
    assert same.crossings[0].batch == 3 and same.whole is given.whole
    verify_partitions(same)
    moved = {n.id: dataclasses.replace(n, place="left") for n in given.whole.nodes.values()}
    broken: tuple[dict[str, object], ...] = (
        {"crossings": crossing(delay=1)},
        {"crossings": {}},
        {"crossings": {1: given.crossings[0]}},
        {"names": {"left": "x", "right": "x"}},
        {"parts": {**given.parts, "left": left(edges=(Edge("in", "send.0.a"),))}},
        {"whole": given.whole.replace(nodes=moved)},
        {"places": dataclasses.replace(PLACES, places={"left": PLACES.places["left"]})},
    )
    for changes in broken:
        with pytest.raises(PartitionError):
            verify_partitions(given.replace(**changes))


def test_the_runner_names_the_pass() -> None:
    @dataclasses.dataclass(frozen=True)
    class Lose:
        def __call__(self, partitions: Partitions) -> Partitions:
            return dataclasses.replace(partitions, crossings={})

    @dataclasses.dataclass(frozen=True)
    class Slice:
        def __call__(self, graph: Graph) -> Partitions:
            return changed(names={"left": "x", "right": "x"})

    with pytest.raises(PartitionError, match=r"^Lose: Node 'send.0.a' of place 'left' is of"):
        run_passes(good(), [Lose()])
    with pytest.raises(PartitionError, match=r"^Slice: The parts at 'left' and 'right' are both"):
        run_pass(Slice(), whole())
    with pytest.raises(GraphError, match=r"^Break: Node 'b' has no incoming edge"):

        @dataclasses.dataclass(frozen=True)
        class Break:
            def __call__(self, partitions: Partitions) -> Partitions:
                part = partitions.parts["right"]
                bad = part.replace(edges=part.edges[1:])
                return dataclasses.replace(partitions, parts={**partitions.parts, "right": bad})

        run_passes(good(), [Break()])
