"""What rungs 1 and 2 must notice, spikes or none, and that both runs draw the same numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sc_neurocore.build import (
    BuildOptions,
    Fidelity,
    Source,
    compile_source,
    document_of_equations,
    hardware_options,
    measure_fidelity,
    source_of,
)
from sc_neurocore.build._reference import check_reference
from sc_neurocore.build._source import within_format
from sc_neurocore.compiler import Compiled
from sc_neurocore.dynamics import build_model, random_draws, simulate
from sc_neurocore.exceptions import BitwidthMismatchError, SCConfigError
from sc_neurocore.toolchain import get_target


def compiled(equations: str, fmt: str, **model: Any) -> tuple[Source, Compiled]:
    hardware = {k: model.pop(k) for k in ("overflow", "parameters") if k in model}
    source = source_of(document_of_equations(equations, **model))
    options = BuildOptions(format=fmt, **hardware)
    wanted = hardware_options(options, source.document, get_target(options.target))
    source = within_format(source, wanted.format)
    return source, compile_source(source, wanted, 1)


def fidelity(equations: str, fmt: str, **model: Any) -> Fidelity:
    source, found = compiled(equations, fmt, **model)
    return measure_fidelity(found, source.drive, sweep=True)


def test_a_state_that_leaves_its_register_fails_though_nothing_spikes() -> None:
    stuck = fidelity("dv/dt = (E - v)/10", "Q4.12", params={"E": 50})
    # It rests at 50 in floating point, at 8 - 2**-12 in its register; 5 % of 50 are allowed.
    assert stuck.fault == "'v' leaves its register: 'v' may differ by 2.5 but differs by 42"
    assert stuck.beyond == {"v": pytest.approx(50, abs=1e-6)}
    kept = fidelity("dv/dt = (E - v)/10", "Q8.8", params={"E": 50})
    assert kept.fault is None and kept.beyond == {}


def test_a_state_that_leaves_its_register_fails_though_the_spikes_agree() -> None:
    runaway = fidelity(
        "dv/dt = (-v + I)/tau; du/dt = -u/50", "Q12.8", threshold="v > 50",
        reset="u = u + 8*v; v = 0", params={"tau": 10},
        ranges={"v": (-100.0, 200.0), "u": (-1000.0, 1000.0), "I": (0.0, 200.0)},
    )  # fmt: skip
    assert runaway.spikes_fixed == runaway.spikes_float > 10
    assert runaway.fault is not None
    assert runaway.fault.startswith("'u' leaves its register: ")


def test_a_stimulus_beyond_its_port_is_refused() -> None:
    source, found = compiled("dv/dt = (-v + I)/tau", "Q8.8", params={"tau": 10})
    with pytest.raises(BitwidthMismatchError, match=r"^stimulus 1000 does not fit port 'I' in "):
        measure_fidelity(found, replace(source.drive, amplitude=1000.0), sweep=True)


def test_wrapping_without_spikes_fails() -> None:
    wrapped = fidelity("dv/dt = 1.0", "Q8.8", ranges={"v": (-100.0, 100.0)}, overflow="wrap")
    assert wrapped.fault is not None
    assert wrapped.beyond == {"v": pytest.approx(500)}


def test_float_and_fixed_draw_the_same_numbers() -> None:
    noisy = fidelity(
        "dv/dt = -v/10 + randn() + rand()", "Q5.20", ranges={"v": (-8.0, 8.0)}, method="euler"
    )
    # Draws carry 12 and 16 fraction bits; other draws would differ by order one.
    assert noisy.max_abs_error["v"] < 10 * 2.0**-12


def test_draws_are_those_of_the_simulation() -> None:
    model = build_model("x[n+1] = randn(); y[n+1] = rand()")
    run = simulate(model, ticks=40, neurons=3, seed=2**40 + 7, record=["x", "y"])
    drawn = random_draws(model, 40, neurons=3, seed=2**40 + 7)
    assert list(drawn) == [("randn", 0), ("rand", 1)]
    assert np.array_equal(run.states["x"], drawn["randn", 0])
    assert np.array_equal(run.states["y"], drawn["rand", 1])


@pytest.mark.parametrize(("method", "sound"), [("euler", False), ("exact", True)])
def test_the_reference_compares_states_where_nothing_spikes(method: str, sound: bool) -> None:
    source, _ = compiled("dv/dt = -v/2", "Q8.8", init={"v": 100}, dt=1.0, method=method)
    checked = check_reference(source)
    assert checked is not None
    assert checked.spikes == checked.own_spikes == 0
    # After two ticks 0.5**2 where the solution is exp(-1); the largest recorded value is exp(-1/2).
    expected = 0.19435 if method == "euler" else 0.0
    assert checked.max_state_error == pytest.approx(expected, abs=1e-4)
    assert checked.within_bound is sound


def test_a_reset_that_cannot_be_stored_is_refused() -> None:
    with pytest.raises(BitwidthMismatchError) as refused:
        compiled("dv/dt = -v/10 + I", "Q8.8", threshold="v > 1", reset="v = 99",
                 ranges={"v": (-4.0, 4.0), "I": (0.0, 4.0)})  # fmt: skip
    assert str(refused.value) == (
        "the reset takes 'v' to 99, outside its register [-4, 4]; declare a range that holds it or "
        "choose a wider format"
    )


def test_a_parameter_port_resolves_the_value_it_starts_with() -> None:
    _, found = compiled(
        "dv/dt = (-v + I)/tau", "Q8.8", params={"tau": 10}, parameters="ports",
        ranges={"tau": (1.0, 1e6), "v": (-4.0, 4.0), "I": (0.0, 4.0)},
    )  # fmt: skip
    (port,) = found.datapath.parameters
    assert port.format.resolution <= 10 / 2**7
    assert port.format.max_value >= 1e6


def test_a_state_without_a_declared_range_is_kept_from_stalling() -> None:
    _, found = compiled("dv/dt = -v/1000 + I", "Q8.8", ranges={"I": (-1.0, 1.0)})
    (notice,) = found.plan.notices
    assert notice.startswith("'v' would stall in Q8.8: ")


def test_a_searched_stimulus_fits_the_format() -> None:
    source, _ = compiled("dv/dt = (-v + I)/tau", "Q8.8", params={"tau": 10})
    assert max(source.drive.amplitudes) <= 127.99609375


def test_a_run_has_a_longest_length() -> None:
    with pytest.raises(SCConfigError) as refused:
        compiled("dv/dt = -v + I", "Q8.8", dt=1e-300)
    assert str(refused.value) == (
        "a run of 500 ms has 5e+302 ticks of 1e-300 ms; at most 20000000 are run"
    )
