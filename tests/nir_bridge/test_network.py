"""Running networks: delays, recurrence, ports, shapes of inputs, assumptions."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import (
    Affine,
    Assumptions,
    Delay,
    Edge,
    Graph,
    Input,
    Neurons,
    Node,
    Op,
    Output,
    Scale,
)
from sc_neurocore.nir_bridge import NIRError, SCNetwork, from_nir, to_nir

DT = 0.25
#: v is the sum of what came in.
SUM = Neurons("i", {"r": np.array(1 / DT)})
STEP = Neurons("threshold", {"threshold": np.array(0.5)})


def network(
    nodes: dict[str, Op], edges: list[tuple[str, str] | Edge], size: int = 1, **assumed: str
) -> SCNetwork:
    table = [Node("in", Input((size,))), *(Node(k, v) for k, v in nodes.items())]
    graph = Graph.of("net", [*table, Node("out", Output())], edges, DT)
    return SCNetwork(graph, Assumptions(dt=DT, **assumed))  # type: ignore[arg-type]


def impulse(ticks: int, size: int = 1) -> np.ndarray:
    series = np.zeros((ticks, size))
    series[0] = 1
    return series


@pytest.mark.parametrize(
    ("rounding", "late"), [("nearest", [2, 3, 3]), ("floor", [2, 2, 3]), ("ceil", [3, 3, 3])]
)
def test_delays_round_to_ticks_per_element(rounding: str, late: list[int]) -> None:
    wait = Delay(np.array([2.4, 2.5, 3.0]) * DT)
    net = network(
        {"wait": wait, "step": STEP},
        [("in", "wait"), ("wait", "step"), ("step", "out")],
        3,
        delay_rounding=rounding,
    )
    out = net.run(impulse(5, 3)).output
    np.testing.assert_array_equal(out.argmax(axis=0), late)
    np.testing.assert_array_equal(out.sum(axis=0), 1)


@pytest.mark.parametrize("count", range(1, 60))
def test_whole_ticks_stay_whole(count: int) -> None:
    """0.1 is not exact in binary: 3 * 0.1 / 0.1 lies beside 3."""
    delay = np.array(count * 0.1)
    for rounding in ("nearest", "floor", "ceil"):
        assert Assumptions(dt=0.1, delay_rounding=rounding).ticks(delay) == count  # type: ignore[arg-type]


def test_a_loop_comes_back_one_tick_later() -> None:
    net = network(
        {"step": STEP, "rec": Affine(np.array([[1.0]]))},
        [("in", "step"), ("step", "rec"), ("rec", "step"), ("step", "out")],
    )
    np.testing.assert_array_equal(net.run(impulse(4)).output[:, 0], [1, 1, 1, 1])


def test_a_loop_with_its_own_delay_takes_that_long() -> None:
    net = network(
        {"step": STEP, "wait": Delay(np.array(3 * DT))},
        [("in", "step"), ("step", "wait"), ("wait", "step"), ("step", "out")],
    )
    np.testing.assert_array_equal(net.run(impulse(7)).output[:, 0], [1, 0, 0, 1, 0, 0, 1])


def test_a_bias_in_a_loop_is_there_from_the_first_tick() -> None:
    net = network(
        {"sum": SUM, "rec": Affine(np.array([[0.0]]), np.array([2.0]))},
        [("in", "sum"), ("sum", "rec"), ("rec", "sum"), ("sum", "out")],
    )
    np.testing.assert_array_equal(net.run(np.zeros((3, 1))).output[:, 0], [2, 4, 6])
    folded = SCNetwork(net.normal, net.assumptions)
    np.testing.assert_array_equal(folded.run(np.zeros((3, 1))).output[:, 0], [2, 4, 6])


def test_feed_forward_takes_no_time() -> None:
    net = network(
        {"a": STEP, "gain": Scale(np.array(3.0)), "b": SUM},
        [("in", "a"), ("a", "gain"), ("gain", "b"), ("b", "out")],
    )
    np.testing.assert_array_equal(net.run(impulse(2)).output[:, 0], [3, 3])
    assert net.topo_order == ("in", "a", "gain", "b", "out")


def test_arrivals_add() -> None:
    net = network(
        {"a": Scale(np.array(2.0)), "b": Scale(np.array(3.0)), "sum": SUM},
        [("in", "a"), ("in", "b"), ("a", "sum"), ("b", "sum"), ("in", "sum"), ("sum", "out")],
    )
    np.testing.assert_array_equal(net.run(impulse(1)).output, [[6]])


class TestInputs:
    def net(self) -> SCNetwork:
        return network({"sum": SUM}, [("in", "sum"), ("sum", "out")], 2)

    def test_shapes(self) -> None:
        net = self.net()
        one = np.array([1.0, 2.0])
        assert net.run(one, steps=3).output.tolist() == [[1, 2], [2, 4], [3, 6]]
        assert net.run(np.tile(one, (3, 1))).output.tolist() == [[1, 2], [2, 4], [3, 6]]
        batch = np.stack([np.tile(one, (3, 1)), np.zeros((3, 2))])
        assert net.run(batch).output.shape == (2, 3, 2)
        assert net.run({"in": batch}).output[0].tolist() == [[1, 2], [2, 4], [3, 6]]

    def test_an_image_may_come_flat(self) -> None:
        graph = Graph.of(
            "image",
            [Node("in", Input((1, 2, 2))), Node("sum", SUM), Node("out", Output())],
            [("in", "sum"), ("sum", "out")],
            DT,
        )
        images = np.arange(8.0).reshape(2, 1, 2, 2)
        whole = SCNetwork(graph).run(images).output
        np.testing.assert_array_equal(SCNetwork(graph).run(images.reshape(2, 4)).output, whole)

    @pytest.mark.parametrize(
        ("inputs", "steps", "sentence"),
        [
            (np.zeros((3, 4)), None, r"^Input 'in' has shape \(3, 4\); expected is \(2,\), "),
            (np.zeros(2), None, r"^A constant input needs the number of steps\.$"),
            (np.zeros((3, 2)), 4, r"^The inputs must have one positive number of ticks "),
            (np.zeros((0, 2)), None, r"^The inputs must have one positive number of ticks "),
            (np.array([[1, np.nan]]), None, r"^Input 'in' holds a number that is not finite\.$"),
            ([["a", "b"]], None, r"^Input 'in' must hold numbers\.$"),
            ({"other": np.zeros((1, 2))}, None, r"^The inputs are in, not other\.$"),
        ],
    )
    def test_what_does_not_fit(self, inputs: object, steps: int | None, sentence: str) -> None:
        with pytest.raises(SCConfigError, match=sentence):
            self.net().run(inputs, steps)  # type: ignore[arg-type]

    def test_a_step_of_the_wrong_size(self) -> None:
        with pytest.raises(SCConfigError, match=r"one tick has shape \(3,\); \(2,\) is expected"):
            self.net().step(np.zeros(3))
        for transposed in (np.zeros((2, 1)), np.zeros((1, 1, 2))):
            with pytest.raises(SCConfigError, match="is expected"):
                self.net().step(transposed)

    def test_the_edges_that_are_given_a_tick_are_stated(self) -> None:
        graph = Graph.of(
            "loop",
            [Node("in", Input((1,))), Node("sum", SUM), Node("rec", Affine([[0.5]])),
             Node("out", Output())],
            [("in", "sum"), ("sum", "rec"), ("rec", "sum"), ("sum", "out")],
            DT,
        )  # fmt: skip
        said = "Each cycle without a delay is given one tick, at rec -> sum."
        assert said in SCNetwork(graph).describe()
        assert not any("cycle" in sentence for sentence in self.net().describe())

    def test_several_inputs_and_outputs_go_by_name(self) -> None:
        graph = Graph.of(
            "two",
            [
                *(Node(n, Input((1,))) for n in ("x", "y")),
                *(Node(n, SUM) for n in ("a", "b")),
                *(Node(n, Output()) for n in ("p", "q")),
            ],
            [("x", "a"), ("y", "a"), ("y", "b"), ("a", "p"), ("b", "q")],
            DT,
        )
        net = SCNetwork(graph)
        run = net.run({"x": np.ones((2, 1)), "y": np.array([10.0])})
        assert {k: v.tolist() for k, v in run.outputs.items()} == {
            "p": [[11], [22]],
            "q": [[10], [20]],
        }
        with pytest.raises(SCConfigError, match=r"^Give each of the inputs x, y by name\.$"):
            net.run(np.ones((2, 1)))
        with pytest.raises(SCConfigError, match=r"several outputs \(p, q\)"):
            _ = run.output


def test_run_starts_from_rest_and_step_goes_on() -> None:
    net = network({"sum": SUM}, [("in", "sum"), ("sum", "out")])
    assert net.run(np.ones((2, 1))).output.tolist() == net.run(np.ones((2, 1))).output.tolist()
    net.reset()
    assert [net.step([1.0])["out"].item() for _ in range(3)] == [1, 2, 3]
    net.reset()
    assert net.step([1.0])["out"].item() == 1


class TestAssumptions:
    def graph(self, **settings: object) -> Graph:
        metadata = {"sc_neurocore": json.dumps(settings)} if settings else {}
        cells = Node("sum", SUM)
        nodes = [Node("in", Input((1,))), cells, Node("out", Output())]
        return Graph.of("g", nodes, [("in", "sum"), ("sum", "out")], DT, metadata)

    def test_nothing_stated(self) -> None:
        net = from_nir(to_nir(self.graph().replace(dt=1e-4)))
        assert net.assumptions == Assumptions()
        assert net.assumed == ("dt", "reset", "reset_when", "cuba_order", "delay_rounding")
        assert net.describe()[-1] == (
            "Neither the file nor the caller states: "
            "dt, reset, reset_when, cuba_order, delay_rounding."
        )

    def test_the_file_states_and_the_caller_overrides(self) -> None:
        graph = self.graph(reset="subtract", reset_when="next_tick")
        net = from_nir(graph, dt=0.5, reset_when="same_tick")
        assert net.assumptions == Assumptions(0.5, "subtract", "same_tick")
        assert net.assumed == ("cuba_order", "delay_rounding")

    def test_what_a_network_assumes_is_written(self) -> None:
        net = from_nir(self.graph(ticks=7), dt=0.5, reset_mode="subtract")
        again = from_nir(to_nir(net))
        assert again.assumptions == net.assumptions
        stated = json.loads(again.graph.metadata["sc_neurocore"])
        assert stated == {"ticks": 7, "dt": 0.5, "reset": "subtract"}

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"reset_mode": "zero"}, "reset must be one of reset, subtract, not 'zero'."),
            ({"dt": 0.0}, "dt must be a positive number of seconds, not 0.0."),
            ({"dt": float("nan")}, "dt must be a positive number of seconds, not nan."),
            (
                {"cuba_order": "both"},
                "cuba_order must be one of current_first, voltage_first, not 'both'.",
            ),
        ],
    )
    def test_what_is_not_allowed(self, options: dict[str, object], sentence: str) -> None:
        with pytest.raises(SCConfigError) as error:
            from_nir(self.graph(), **options)  # type: ignore[arg-type]
        assert str(error.value) == sentence

    def test_sentences_follow_the_fields(self) -> None:
        base = Assumptions()
        for change in (
            {"dt": 1.0},
            {"reset": "subtract"},
            {"reset_when": "next_tick"},
            {"cuba_order": "voltage_first"},
            {"delay_rounding": "ceil"},
        ):
            other = Assumptions(**change)  # type: ignore[arg-type]
            differing = [
                a for a, b in zip(base.describe(), other.describe(), strict=True) if a != b
            ]
            assert len(differing) == 1


@pytest.mark.parametrize("missing", ["input", "output", "population"])
def test_a_network_needs_its_parts(missing: str) -> None:
    parts = {
        "input": [Node("in", Input((1,)))],
        "population": [Node("sum", SUM)],
        "output": [Node("out", Output((1,)))],
    }
    nodes = [node for part, found in parts.items() if part != missing for node in found]
    names = [node.id for node in nodes]
    edges = list(pairwise(names))
    if missing == "input":
        edges.append(("sum", "sum"))
        nodes[0] = Node("sum", Neurons("i", {"r": np.ones(1)}))
    with pytest.raises(NIRError, match=rf"^Network 'g' has no {missing}; it needs at least one\.$"):
        SCNetwork(Graph.of("g", nodes, edges))


def test_a_delay_line_out_of_proportion_is_refused() -> None:
    with pytest.raises(SCConfigError, match=r"^A delay of 400000000 ticks for 1 signals"):
        network(
            {"wait": Delay(np.array(1e8)), "sum": SUM},
            [("in", "wait"), ("wait", "sum"), ("sum", "out")],
        )
    with pytest.raises(SCConfigError, match=r"is more than 2\*\*31 ticks"):
        network(
            {"wait": Delay(np.array(1e30)), "sum": SUM},
            [("in", "wait"), ("wait", "sum"), ("sum", "out")],
        )


def test_summary() -> None:
    net = network(
        {"a": Affine(np.ones((3, 2))), "step": STEP, "rec": Affine(np.ones((3, 3)))},
        [("in", "a"), ("a", "step"), ("step", "rec"), ("rec", "step"), ("step", "out")],
        2,
    )
    assert net.summary().splitlines()[:4] == [
        "network 'net'",
        "  in_to_step: 2 x 3 synapses",
        "  step_to_step_delay_1: 3 x 3 synapses, 1 tick(s) late",
        "  step: 3 threshold",
    ]
