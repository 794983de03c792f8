"""What does not fit is refused in one sentence that says what would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sc_neurocore.dynamics import build_model, unit_registry
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import (
    Bernoulli,
    CorticalColumn,
    FixedIndegree,
    FixedOutdegree,
    FixedTotal,
    Network,
    Normal,
    PINGCircuit,
    PoissonInput,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSourceArray,
    StateMonitor,
    StepCurrent,
    TimedArray,
    Uniform,
    small_world,
)
from sc_neurocore.neurons import load_model


def cells(n: int = 4, model: str = "iaf_psc_delta", **options: Any) -> Population:
    return Population(model, n, **options)


def built(**options: Any) -> Network:
    network = Network()
    population = network.add(cells(label="cells"))
    network.add(Projection(population, population, **options))
    network.build()
    return network


def on_exc(weight: Any) -> None:
    network = Network()
    population = network.add(cells(model="iaf_psc_exp", label="cells"))
    network.add(Projection(population, population, weight, port="exc"))
    network.build()


def stimulated(stimulus: Any) -> None:
    network = Network()
    network.add(stimulus, to=network.add(cells(model="iaf_psc_exp")), port="exc")
    network.build()


def running(duration: Any, **options: Any) -> Network:
    network = Network()
    network.add(cells())
    network.run(duration, **options)
    return network


def counting(init: dict[str, Any]) -> Population:
    options: dict[str, Any] = {"integers": ["N"], "dt": 0.1}
    return Population("N[n+1] = N + 1", 2, init=init, **options)


def drawn(params: dict[str, Any]) -> None:
    network = Network()
    network.add(cells(40, params=params, label="c"))
    network.build()


def large() -> None:
    network = Network()
    many = network.add(cells(10_000_000, label="many"))
    network.add(Projection(many, many))
    network.build()


def mixed() -> None:
    network = Network()
    network.add(cells(model="rulkov"))
    network.build("0.1 ms")


FOUR = ([0, 1, 2, 3, 4], [0, 1, 2, 3], [1.0, 1.0, 1.0, 1.0])
BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: built(delay=0), "the delay of projection cells → cells is 0, shorter than one tick; "
     "the shortest delay is 1 tick (0.1 ms)"),
    (lambda: built(delay="0.05 ms"), "is 0.05 ms, shorter than one tick"),
    (lambda: built(delay="0.25 ms"), "is 0.25 ms, 2.5 ticks of 0.1 ms; give a whole number"),
    (lambda: built(delay=1.5), "is 1.5, 1.5 ticks of 0.1 ms; give a whole number of ticks"),
    (lambda: built(delay="2 mV"), "is '2 mV', but ms is needed"),
    (lambda: built(delay="soon"), "is 'soon'; write a number with a unit, for example '1.5 ms'"),
    (lambda: built(delay=float("nan")), "is nan; it must be a finite number"),
    (lambda: built(topology=FOUR, delay=[1, 2, 0, 1]), "is 0 ticks, shorter than one tick"),
    (lambda: built(topology=FOUR, delay=[1, 2, 1]), "has 4 synapses, but 3 delays of shape (3,)"),
    (lambda: built(topology=FOUR, delay=[1, 2, 1.5, 1]), "is 1.5; delays are whole numbers"),
    (lambda: built(topology=FOUR, delay=[1, 2**31, 1, 1]), "so its delay may be"),
    (lambda: built(delay=Uniform(0, 3)), "would be shorter than one tick"),
    (lambda: built(delay=Normal(-50, 1)), "in fewer than one draw of a thousand"),
    (lambda: built(weight=float("nan")), "a weight of projection cells → cells is nan"),
    (lambda: built(weight=[1.0, 2.0]), "has 16 synapses, but 2 weights of shape (2,)"),
    (lambda: built(weight="heavy"), "is 'heavy'; write a number with a unit"),
    (lambda: built(topology=FOUR, weight=2.0), "brings its weights as data; leave weight out"),
    (lambda: built(topology=([0, 1], [0], [1.0])), "indptr has shape (2,); 4 sources need (5,)"),
    (lambda: built(topology=([0, 1, 2, 3, 5], *FOUR[1:])), "indptr must rise from 0 to 4"),
    (lambda: built(topology=(FOUR[0], [0, 1, 2, 4], FOUR[2])), "a synapse has target 4; the "
     "target population has 0 to 3"),
    (lambda: built(topology=(FOUR[0], FOUR[1], [1.0])), "both need one entry per synapse"),
    (lambda: built(topology="ladder"), "topology 'ladder' is not a name"),
    (lambda: built(topology="random"), "topology 'random' needs a probability"),
    (lambda: built(topology=3.0), "a topology is a rule, a name, or three CSR arrays"),
    (lambda: built(probability=1.5), "probability is 1.5; it must be from 0 to 1"),
    (lambda: built(probability=0.5, topology=Bernoulli(0.5)), "not both"),
    (lambda: built(port="exc"), "model 'iaf_psc_delta' has no input 'exc'"),
    (lambda: built(weight_threshold=-1.0), "weight_threshold is -1.0; it must be 0 or more"),
    (lambda: on_exc(-1.0), "has a weight of -1, but input 'exc' of model 'iaf_psc_exp' takes none "
     "below 0; turn the sign, or name another port"),
    (lambda: Projection(cells(), cells(model="iaf_psc_exp")), "name one as port"),
    (lambda: Projection(3, cells()), "source is 3; give a Population"),  # type: ignore[arg-type]
    (lambda: cells(0), "n is 0; a population has from 1"),
    (lambda: cells(model="no_such"), "no bundled model is called 'no_such'"),
    (lambda: cells(params={"tau": 1.0}), "has no parameter 'tau'"),
    (lambda: cells(params={"tau_m": [1.0, 2.0]}), "has shape (2,); a population of 4 takes"),
    (lambda: cells(params={"tau_m": float("inf")}), "holds inf; it must be finite"),
    (lambda: cells(params={"tau_m": 1e9}), "parameter 'tau_m' of neuron 0 of a population of 4 is "
     "1000000000 ms; it must be 5 to 50 ms, the range that model 'iaf_psc_delta' declares"),
    (lambda: cells(params={"tau_m": [5.0, 50.0, 4.0, 1.0]}, label="c"),
     "parameter 'tau_m' of neuron 2 of population 'c' is 4 ms; it must be 5 to 50 ms"),
    (lambda: cells(params={"V_th": "1 V"}), "is 1000 mV; it must be -60 to 30 mV"),
    (lambda: cells(model=load_model("lif").with_parameters({"R": 200.0})), "is 200 Mohm; it must"),
    (lambda: drawn({"tau_m": Uniform(49.0, 60.0)}), "parameter 'tau_m' of neuron 0 of population "
     "'c' is 50.5374381623 ms; it must be 5 to 50 ms"),
    (lambda: drawn({"V_th": Normal(20.0, 9.0)}), "mV; it must be -60 to 30 mV"),
    (lambda: cells(init={"u": 0.0}), "has no state 'u'"),
    (lambda: cells(threshold="v > 1"), "can be given with equations as text only"),
    (lambda: Normal(0, -1), "needs a finite mean and a std of 0 or more"),
    (lambda: Normal(0, 1, low=9), "in fewer than one draw of a thousand"),
    (lambda: Uniform(2, 1), "the lower one first"),
    (lambda: SpikeSourceArray(2, [2], [0]), "a spike has source 2; there are 0 to 1"),
    (lambda: SpikeSourceArray(2, [0], [-1]), "a spike has tick -1; ticks count from 0"),
    (lambda: SpikeSourceArray(2, [0], [0, 1]), "give one entry per spike"),
    (lambda: SpikeSourceArray(2, [0.5], [1]), "whole numbers"),
    (lambda: Network(-1), "seed is -1; it must be a whole number"),
    (lambda: Network().add(3), "3 cannot be added"),
    (lambda: Network().run(0.1), "the network has no population; add one"),
    (lambda: Network().run(-0.1), "duration is -100 ms; it must be at least one tick"),
    (lambda: Network().run("3 mV"), "duration is '3 mV', but s is needed"),
    (lambda: Network().add(StepCurrent(0, 1, 1.0)), "add it with to=population"),
    (lambda: StepCurrent(5, 4, 1.0), "ends before it starts"),
    (lambda: TimedArray([]), "a timed array has shape (0,)"),
    (lambda: TimedArray([1.0, np.nan]), "a timed array holds nan"),
    (lambda: PoissonInput(4, -1.0, 1.0), "is -1 Hz; it must be 0 or more"),
    (lambda: PoissonInput(4, [1.0, 2.0, -3.0, -4.0], 1.0), "is -3 Hz in train 2; it must be 0"),
    (lambda: PoissonInput(4, TimedArray([1.0, -2.0]), 1.0), "is -2 Hz in row 1; it must be 0 or"),
    (lambda: PoissonInput(2, TimedArray([[1.0, 0.0], [0.0, -9.0]]), 1.0), "Hz in row 1, train 1"),
    (lambda: PoissonInput(4, [1.0, 2.0], 1.0), "is given for 2 trains; there are 4"),
    (lambda: PoissonInput(4, TimedArray(np.ones((5, 3))), 1.0), "for 3 trains; there are 4"),
    (lambda: PoissonInput(4, [1.0, np.nan, 1.0, 1.0], 1.0), "holds nan; it must be finite"),
    (lambda: PoissonInput(4, "2 mV", 1.0), "is '2 mV', but Hz is needed"),
    (lambda: stimulated(PoissonInput(4, [0.0, 1.0, 1e9, 2.0], 1.0)), "of 1e+09 Hz has 1e+05 events "
     "in a tick of 0.1 ms; at most 65536 are drawn, 6.5536e+08 Hz"),
    (lambda: stimulated(PoissonInput(4, TimedArray([0.0, 1e9]), 1.0)), "at most 65536 are drawn"),
    (lambda: stimulated(PoissonInput(4, TimedArray([1.0], dt="0.15 ms"), 1.0)), "1.5 ticks of 0.1"),
    (lambda: built(topology=FixedIndegree(2.5)), "indegree is 2.5; it must be a whole number"),  # type: ignore[arg-type]
    (lambda: FixedOutdegree(-1), "outdegree is -1; it must be a whole number from 0 on"),
    (lambda: FixedTotal(-1), "the total number of synapses is -1; it must be a whole number"),
    (lambda: Bernoulli("most"), "probability is 'most'; it must be a finite number"),  # type: ignore[arg-type]
    (lambda: Normal(1, 1, low=float("nan")), "in fewer than one draw of a thousand"),
    (lambda: Normal(np.float32(1), np.float32(-1)), "needs a finite mean and a std of 0 or more"),
    (lambda: Uniform([1], 2), "a distribution holds [1]; give numbers, or text with a unit"),
    (lambda: built(weight=Normal("1 ms", "1 ms")), "is '1 ms', but mV is needed"),
    (lambda: built(weight="1 s"), "the weight of projection cells → cells is '1 s', but mV is"),
    (lambda: built(weight_threshold="x"), "weight_threshold is 'x'; it must be a finite number"),
    (lambda: built(topology=(FOUR[0], [0.5, 1, 2, 3], FOUR[2])), "indices holds float64 numbers"),
    (lambda: built(topology=(*FOUR[:2], ["a"] * 4)), "(indptr, indices, data) hold numbers only"),
    (lambda: built(delay="100000 s"), "GiB are free; shorten delays or take a larger dt"),
    (lambda: large(), "projection many → many with 1e+14 synapses would keep"),
    (lambda: cells(params={"tau_m": "10 mV"}), "parameter 'tau_m' is '10 mV', but ms is needed"),
    (lambda: Population("dx/dt = -x/a", 2, {"a": []}), "parameter 'a' is []; give a number"),
    (lambda: Population("dx/dt = -x/a", 2, {"a": "1 ms"}), "are bare numbers"),
    (lambda: counting({"N": 0.5}), "state 'N' holds 0.5; it takes whole numbers"),
    (lambda: counting({"N": Uniform(0, 3)}), "state 'N' takes whole numbers; give them, not"),
    (lambda: cells(label=5), "label is 5; it must be text"),
    (lambda: built(label=5), "label is 5; it must be text"),
    (lambda: cells(params=3), "params is 3; give values by name"),
    (lambda: cells(init=[1.0]), "init is [1.0]; give values by name"),
    (lambda: built(weight=[[1.0], [1.0, 2.0]]), "weight has rows of different lengths"),
    (lambda: built(delay=[[1], [1, 2]]), "has rows of different lengths; give one number or a"),
    (lambda: built(port=5), "model 'iaf_psc_delta' has no input '5'"),
    (lambda: StateMonitor(cells(), 5), "variables is 5; name one or more states"),  # type: ignore[arg-type]
    (lambda: StateMonitor(cells(), "v", [[0], [0, 1]]), "record must list neurons by number"),
    (lambda: SpikeMonitor(cells(), file=5), "file of a monitor is 5; give a path"),  # type: ignore[arg-type]
    (lambda: SpikeSourceArray(2, [[0], [0, 1]], [0]), "hold one number per spike each"),
    (lambda: SpikeSourceArray(2**31, [], []), "n is 2147483648; there are at most 2147483647"),
    (lambda: PoissonInput(4, 1.0, 1.0, dt=-1e-4), "dt of a Poisson input is -0.0001; it must be"),
    (lambda: PoissonInput(4, 1.0, 1.0).get_current(-1), "t_step is -1; it must be a whole number"),
    (lambda: SpikeSourceArray(0, [], []), "n is 0; it must be a whole number from 1 on"),
    (lambda: SpikeSourceArray(2, [-1], [0]), "a spike has source -1; there are 0 to 1"),
    (lambda: StepCurrent(0.5, 4, 1.0), "onset is 0.5; it must be a whole number"),  # type: ignore[arg-type]
    (lambda: StepCurrent(0, 4, "1 nA"), "give bare numbers in the unit of the input"),
    (lambda: stimulated(PoissonInput(4, 1.0, -1.0)), "a stimulus has a value of -1, but input "
     "'exc' of model 'iaf_psc_exp' takes none below 0"),
    (lambda: stimulated(PoissonInput(4, 1e300, 1.0)), "at most 65536 are drawn"),
    (lambda: running("1.25 ms"), "duration is 1.25 ms, 12.5 ticks of 0.1 ms; give a whole number"),
    (lambda: running("100000.05 ms"), "100000.05 ms, 1000000.5 ticks of 0.1 ms; give"),
    (lambda: built(delay="100000.05 ms"), "is 100000.05 ms, 1000000.5 ticks of 0.1 ms; give a"),
    (lambda: running(1e9), "a network has at most 2147483647"),
    (lambda: running(1e308), "give a whole number of ticks"),
    (lambda: PINGCircuit.population_rate([[1, 0], [1]]), "rows of different lengths"),
    (lambda: PINGCircuit.population_rate([["a"]]), "give (ticks, cells)"),
    (lambda: CorticalColumn(0.01).add_thalamus(200.0), "list when pulses start"),  # type: ignore[arg-type]
    (lambda: CorticalColumn(0.01).add_thalamus("200"), "list when pulses start"),  # type: ignore[arg-type]
    (lambda: CorticalColumn(0.01).add_thalamus([200.05]), "2000.5 ticks of 0.1 ms"),
    (lambda: CorticalColumn(0.01).add_thalamus([2.0], 0.04), "duration_ms is 0.04, 0.4 ticks"),
    (lambda: CorticalColumn(0.01).add_thalamus([2.0], 1e12), "GiB in memory"),
    (lambda: CorticalColumn(0.01).population_rates({}, burn_in_ms=np.nan), "burn_in_ms is nan"),
    (lambda: running(0.1, threads=-1), "threads is -1; it must be a whole number from 1 on"),
    (lambda: running(0.1).state(Population("iaf_psc_delta", 1), "v"), "is not in this network"),
    (lambda: mixed(), "model 'rulkov' is a map of ticks of 1 ms, but the network's are 0.1 ms"),
    (lambda: CorticalColumn("x"), "scale is 'x'; it must be a finite number"),  # type: ignore[arg-type]
    (lambda: CorticalColumn(0.01).total_indegree("L9"), "there is no population 'L9'"),
    (lambda: small_world(10, 2.5, 0.1), "k is 2.5; it must be a whole number"),  # type: ignore[arg-type]
]  # fmt: skip


@pytest.mark.parametrize(("act", "sentence"), BAD, ids=[s[:40] for _, s in BAD])
def test_it_is_refused_in_one_sentence(act: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(SCConfigError) as error:
        act()
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_not_in_the_network_is_refused() -> None:
    inside, outside = cells(label="in"), cells(label="out")
    for thing in (Projection(inside, outside), SpikeMonitor(outside)):
        network = Network()
        network.add(inside)
        network.add(thing)
        with pytest.raises(SCConfigError, match=r"label='out'.*, which is not in the network"):
            network.build()


def test_labels_are_unique_and_given_in_order() -> None:
    network = Network()
    assert [network.add(cells()).label for _ in range(2)] == ["iaf_psc_delta1", "iaf_psc_delta2"]
    with pytest.raises(SCConfigError, match="two populations have the label 'iaf_psc_delta1'"):
        network.add(cells(label="iaf_psc_delta1"))
    with pytest.raises(SCConfigError, match="is in the network already"):
        network.add(network.populations[0])


def test_a_built_network_is_closed() -> None:
    network = built()
    with pytest.raises(SCConfigError, match="add everything before its first run"):
        network.add(cells())
    with pytest.raises(SCConfigError, match=r"dt is 0\.2 ms, but the network was built with 0\.1"):
        network.run(0.1, dt=2e-4)


def test_ticks_of_models_must_agree() -> None:
    network = Network()
    network.add(Population("dx/dt = -x", 1, dt=0.1, label="a"))
    network.add(Population("dx/dt = -x", 1, dt=0.5, label="b"))
    with pytest.raises(SCConfigError, match=r"models have ticks of 0\.1, 0\.5 ms; give dt"):
        network.build()
    network.build(1e-4)


def test_a_stimulus_fits_its_population() -> None:
    for stimulus, sentence in (
        (PoissonInput(3, 10.0, 1.0), "of 3 trains drives a population of 4; give n=4"),
        (StepCurrent(0, 1, [1.0, 2.0]), "is for 2 neurons, but the population has 4"),
        (TimedArray([1.0], dt="0.15 ms"), "a value every 0.00015 s, 1.5 ticks of 0.1 ms"),
    ):
        network = Network()
        network.add(stimulus, to=network.add(cells()))
        with pytest.raises(SCConfigError) as error:
            network.build()
        assert sentence in str(error.value)


def test_parameters_that_coupled_exact_states_need_as_one_number() -> None:
    network = Network()
    network.add(cells(model="iaf_psc_exp", params={"tau_m": Uniform(9.0, 11.0)}))
    with pytest.raises(SCConfigError, match="parameter 'tau_m' differs between neurons"):
        network.build()


def test_a_state_that_leaves_the_numbers_is_named() -> None:
    network = Network()
    network.add(Population("dx/dt = x*x", 3, dt=0.1, label="run", init={"x": [0.0, 50.0, 0.0]}))
    with pytest.raises(SCConfigError, match=r"state 'x' of neuron 1 of population 'run' became"):
        network.run(0.01)
    with pytest.raises(SCConfigError, match="the last run broke off at tick 0 with a part of the"):
        network.run(0.01)


@pytest.mark.parametrize("engine", ["clock", "event"])
def test_a_run_that_broke_off_cannot_go_on(engine: Any) -> None:
    """Every state that leaves the numbers is named, with its tick, whichever engine finds it.

    Of two neurons a weight of 1e308 arrives twice at the second, in tick 7; the source also spikes
    before, which the monitor keeps.
    """
    network = Network()
    source = network.add(SpikeSourceArray(2, [0, 0, 1], [2, 6, 6]))
    other = replace(load_model("iaf_psc_delta"), refractory=1.0)  # a group of its own, before
    first = network.add(Population(other, 3, {"V_th": 30.0}, label="first"))
    network.add(Projection(source, first, topology=([0, 0, 0], [], [])))
    population = network.add(cells(2, label="run", params={"V_th": 30.0}))
    joined = ([0, 1, 2], [1, 1], [-1e308, -1e308])
    network.add(Projection(source, population, topology=joined, port="spikes"))
    monitor = network.add(SpikeMonitor(source))
    sentence = "state 'v' of neuron 1 of population 'run' became non-finite at tick 7;"
    with pytest.raises(SCConfigError, match=sentence):
        network.run(0.01, engine=engine)
    assert monitor.raster_data()[0].tolist() == [2, 6, 6]
    for _ in range(2):
        with pytest.raises(SCConfigError, match="the last run broke off at tick 7 with a part of"):
            network.run(0.01)


@pytest.mark.parametrize("engine", ["clock", "event"])
@pytest.mark.parametrize("drive", [1e306, 1e308])
def test_a_silent_flow_that_leaves_the_numbers_is_named(engine: Any, drive: float) -> None:
    """Without a threshold nothing looks at x' = I; after k ticks of 1 ms it is k·I."""
    network = Network()
    up = Population("dx/dt = k*I", 2, {"I": [0.0, drive], "k": 1.0}, "up", dt=1.0, method="exact")
    network.add(Population(up.model, 3, label="other"))
    network.add(up)
    limit = int(np.finfo(float).max / drive)
    network.run(f"{limit} ms", engine=engine)
    with pytest.raises(SCConfigError) as error:
        network.run("250 ms")
    assert f"'x' of neuron 1 of population 'up' became non-finite at tick {limit};" in str(
        error.value
    )


@pytest.mark.parametrize("engine", ["clock", "event"])
def test_a_flow_whose_matrices_are_no_numbers_is_watched(engine: Any) -> None:
    """v grows by 1e307·u in a ms, and is beyond the largest double after 17.98 ms."""
    equations = "dv/dt = 1e307*u; du/dt = 0*u"
    network = Network()
    network.add(Population(equations, 1, label="up", dt=0.1, method="exact", init={"u": 1.0}))
    with pytest.raises(SCConfigError, match=r"'v' of neuron 0 of population 'up' .* at tick 179"):
        network.run(0.03, 1e-4, engine=engine)


@pytest.mark.parametrize("engine", ["clock", "event"])
def test_a_flow_that_grows_while_refractory_is_watched(engine: Any) -> None:
    """Free, both states turn and decay; while v is held, u grows by e^4 in a ms."""
    model = build_model(
        "dv/dt = -6*v - 8*u + I; du/dt = 4*v + 4*u", threshold="v >= 1", reset="v = 0.5",
        refractory=400.0, hold=["v"], dt=0.1, method="exact", init={"v": 0.9999, "u": -0.9},
    )  # fmt: skip
    network = Network()
    network.add(Population(model, 1, label="held"))
    with pytest.raises(SCConfigError, match="'u' of neuron 0 of population 'held' became non-fin"):
        network.run(0.39, 1e-4, engine=engine)


def test_what_an_interrupt_leaves_half_done_cannot_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a monitor takes what the event-driven engine has just computed."""
    network = Network()
    source = network.add(SpikeSourceArray(1, [0] * 3, [5, 20_000, 40_000]))
    network.add(cells(1))
    network.add(SpikeMonitor(source))
    network.build(engine="event")

    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("sc_neurocore.network._gather.Gather.keep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            network.run(5.0)
    assert 0 < network.time() < 5.0, "one call of the kernel is not the whole run"
    with pytest.raises(SCConfigError, match="the last run broke off at tick"):
        network.run(1.0)


def test_an_event_driven_ring_beyond_memory_is_refused() -> None:
    network = Network()
    population = network.add(cells(1000))
    network.add(Projection(population, population, delay="100000 s", topology="one_to_one"))
    with pytest.raises(SCConfigError, match="GiB are free; shorten delays or take a larger dt"):
        network.build(engine="event")


@pytest.mark.parametrize("engine", ["clock", "event"])
def test_a_state_that_no_neuron_has(engine: Any) -> None:
    network = Network()
    population = network.add(cells(label="c"))
    network.build(engine=engine)
    with pytest.raises(SCConfigError, match="population 'c' has no state 'u'"):
        network.state(population, "u")


def test_units_are_converted_never_stripped() -> None:
    unit = unit_registry()
    network = Network()
    population = network.add(cells(params={"tau_m": 0.02 * unit.s, "V_th": "-50000 uV"}))
    four = np.array([1, 2, 3, 4])
    own = Projection(population, population, four * unit.uV, topology="one_to_one",
                     delay=four * unit.ms)  # fmt: skip
    drawn = Projection(population, population, Uniform("1 V", "1 V"))
    for projection in (own, drawn):
        network.add(projection)
    network.build()
    assert population.params == {"tau_m": 20.0, "V_th": -50.0}
    np.testing.assert_allclose(own.csr()[2], [1e-3, 2e-3, 3e-3, 4e-3])
    assert own.synapses.delays.tolist() == [10, 20, 30, 40]
    assert (drawn.csr()[2] == 1000).all()


def test_what_a_run_leaves_belongs_to_one_network() -> None:
    """Twice in a network a monitor would count twice; in two it would mix them."""
    population = cells(label="cells")
    for thing in (SpikeMonitor(population), Projection(population, population)):
        network = Network()
        network.add(population)
        network.add(thing)
        for other in (network, Network()):
            with pytest.raises(SCConfigError, match="is in a network already; make another one"):
                other.add(thing)


def test_a_refused_build_leaves_no_delays_of_its_tick() -> None:
    network = Network()
    population = network.add(cells())
    projection = network.add(Projection(population, population, delay="2 ms"))
    network.add(TimedArray([1.0], dt="0.2 ms"), to=population)
    with pytest.raises(SCConfigError, match="a value every"):
        network.build("0.4 ms")
    network.build("0.2 ms")
    assert projection.synapses.delay == 10
