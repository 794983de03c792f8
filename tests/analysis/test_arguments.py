"""Whatever an argument is, the answer is a value or one sentence: no warning, no traceback."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import sc_neurocore.analysis as ours
from sc_neurocore.exceptions import SCNeuroError

DRAW = np.random.default_rng(0)
STEPS = 300
TRAINS = (DRAW.random((4, STEPS)) < 0.1).astype(int)
ROWS = DRAW.normal(size=(12, 3))
TIMES = np.sort(DRAW.random(6))
FUNCTIONS = {n: f for n in ours.__all__ if inspect.isfunction(f := getattr(ours, n))}

#: Something good for each argument that has no default, or whose default needs longer trains.
GOOD: dict[str, Any] = {
    **dict.fromkeys(["binary_train", "binary_train_a", "train_a", "source"], TRAINS[0]),
    **dict.fromkeys(["binary_train_b", "train_b", "target"], TRAINS[1]),
    **dict.fromkeys(["trains", "trials", "spikes", "spike_trains", "new_trains"], TRAINS),
    **dict.fromkeys(["cluster", "cluster_a", "features", "train_data", "waveforms"], ROWS),
    **dict.fromkeys(["noise", "cluster_b"], DRAW.normal(size=(15, 3))),
    **dict.fromkeys(["queries", "keys", "values"], np.eye(3)),
    **dict.fromkeys(["positions", "stimulus_values", "stimulus"], np.arange(STEPS) % 37),
    **dict.fromkeys(["x", "y", "amplitudes", "timestamps"], DRAW.normal(size=12)),
    **dict.fromkeys(["spike_times_list", "times_list"], (TIMES, TIMES + 0.01)),
    "condition": TRAINS[2], "times": TIMES, "times_a": TIMES, "times_b": TIMES + 0.01,
    "t_start": -0.1, "t_end": 1.1, "n_bins": 7, "rate_func": lambda t: 10.0, "n_trials": 3,
    "lfp_signal": np.sin(np.arange(STEPS)), "spike_counts": [1, 2, 0, 1], "k": 3,
    "stimulus_ids": [0, 1, 0, 1], "tuning_rates": np.ones((3, 4)), "labels": np.arange(12) % 2,
    "preferred_directions": np.arange(4.0), "test_point": np.zeros(3), "d_model": 4,
    "trains_by_condition": {"a": TRAINS, "b": TRAINS[::-1]}, "data": DRAW.normal(size=(3, 40)),
    "waveform": [0, -1, -5, -2, 1, 2, 1, 0], "statistic_func": lambda a, b: float(a @ b),
    "duration_s": 0.5, "rate_hz": 20.0, "shape": 2.0, "burst_mean": 2.0, "window_ms": 20.0,
    "max_lag": 5, "max_shift": 5, "n_surrogates": 2, "Y": TRAINS[:, :20], "n_latents": 2,
    "window_steps": 10, "max_iter": 2, "window": 20, "C0": np.eye(4)[:, :2], "d0": np.zeros(4),
    "R0": np.eye(4), "tau": 1,
}  # fmt: skip
SPECIAL: dict[tuple[str, str], Any] = {
    ("gpfa_em", "tau"): [5.0, 5.0],
    ("gpfa", "tau"): None,
    ("kozachenko_leonenko_mi", "k"): 2,
}

NUMBERS = [0, -1, 0.5, 1e-300, 1e300, math.nan, math.inf, None, "a", True, [1], 1000, 10**400]
ROW = [[], [0], [1], [0, 1], np.zeros(STEPS), np.ones(STEPS), 2 * TRAINS[0], TRAINS[0] * math.nan,
       TRAINS[0][1:], 3, None, "abc", [[0], [0, 1]], TRAINS[:2], TRAINS[0].astype(complex),
       np.eye(1, STEPS, 50)[0], np.eye(1, STEPS, 0)[0]]  # fmt: skip
MANY = [[], [[]], 0 * TRAINS, TRAINS[:1], TRAINS[:, :1], TRAINS[:, :7], [TRAINS[0], TRAINS[0]],
        [TRAINS[0], 0 * TRAINS[0]], [[0, 1], [1]], TRAINS[None], np.zeros((2, 3, 0)), None, 3,
        "ab", {"a": TRAINS[0]}, [[[0, 1], [1, 0]], [0, 1, 1, 0]]]  # fmt: skip
SPIKES = [[], [0.5], [-0.1, 1.1], [1.1], [0.2, 0.2], [0.5, 0.1], [5.0], [math.nan], [[0.1]], None,
          "a", 3.0]  # fmt: skip
LISTS = [[], [[]], [[], []], [TIMES], [[0.2, 0.2], [0.1]], [[0.5, 0.1], [0.2]], [[9.0], []], None,
         3, "ab"]  # fmt: skip
MATRIX = [[], [[]], np.zeros((3, 3)), np.ones((12, 3)), np.full((12, 3), math.nan), np.zeros(3),
          np.outer(np.arange(12), [1, 1, 1]), 1e200 * ROWS, 1e-200 * ROWS, ROWS[:2], ROWS[:, :1],
          None, "a", [[1], [1, 2]], 1e9 * np.outer(np.arange(12), [1, 1, 1])]  # fmt: skip
VECTOR = [[], [0.0], np.zeros(12), np.zeros(STEPS), np.ones(4), np.full(12, math.nan), None, "a",
          np.eye(3), 1e200 * np.arange(12), [-1, 0, 1, 2], [5, 5 + 1e-15]]  # fmt: skip
LABELS = [[], [1] * 12, range(12), ["a", "b"] * 6, np.arange(12) / 7, [None] * 12, [1, "a"] * 6,
          [[1]] * 12, [math.nan] * 12, None, [1] * 4]  # fmt: skip
CALLS = [3, "a", lambda *a: -1, lambda *a: math.nan, lambda *a: "a", lambda *a: None,
         lambda *a: [1, 2], lambda *a: 0]  # fmt: skip
BAD: dict[str, list[Any]] = {
    **dict.fromkeys(["binary_train", "binary_train_a", "binary_train_b", "train_a", "train_b",
                     "source", "target", "condition"], ROW),
    **dict.fromkeys(["trains", "trials", "spikes", "spike_trains", "new_trains"], MANY),
    **dict.fromkeys(["times", "times_a", "times_b"], SPIKES),
    **dict.fromkeys(["spike_times_list", "times_list"], LISTS),
    **dict.fromkeys(["cluster", "noise", "cluster_a", "cluster_b", "features", "train_data",
                     "waveforms", "tuning_rates", "queries", "keys", "values", "data", "Y", "C0",
                     "R0"], MATRIX),
    **dict.fromkeys(["lfp_signal", "positions", "stimulus_values", "stimulus", "test_point", "x",
                     "preferred_directions", "amplitudes", "waveform", "timestamps", "y", "d0",
                     "spike_counts", "prior"], VECTOR),
    **dict.fromkeys(["labels", "stimulus_ids"], LABELS),
    **dict.fromkeys(["rate_func", "cost_func", "statistic_func"], CALLS),
    "trains_by_condition": [{}, {"a": TRAINS}, {"a": TRAINS, "b": TRAINS[:2]}, None, TRAINS,
                            {"a": 0 * TRAINS, "b": 0 * TRAINS}],
    "params": [None, {}, 3, {"C": 1, "d": 1, "R": 1, "tau": 1}],
    "kernel": [None, 3, "a", ["x"]], "metric": [None, 3, "a", ["x"]],
    "seed": [-1, "a", 1.5, math.nan, 2**70],
}  # fmt: skip


def _arguments(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    if name == "gpfa_transform":
        return {"new_trains": TRAINS, "params": ours.gpfa(TRAINS, 2, max_iter=2)}
    found = {}
    for key in inspect.signature(function).parameters:
        if (name, key) in SPECIAL or key in GOOD:
            found[key] = SPECIAL.get((name, key), GOOD.get(key))
    return found


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_argument_is_checked(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    function, tried = FUNCTIONS[name], []
    if name == "spade_detect":  # each call mines; its own tests say more
        tried = [{"trains": x} for x in MANY]
    else:
        good = _arguments(name, function)
        for key in inspect.signature(function).parameters:
            tried += [{**good, key: value} for value in BAD.get(key, NUMBERS)]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            function(**good)
    for given in tried:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                function(**given)
            except SCNeuroError as refused:
                said = str(refused)
                assert "\n" not in said and len(said) < 250, said
            except Exception as fault:
                raise AssertionError(f"{name}({given}): {fault!r}") from fault
    assert capfd.readouterr().out == ""


#: Numbers that decide nothing if there are no spikes: they are checked all the same.
SILENT = {
    (name, key)
    for name, f in FUNCTIONS.items()
    if next(iter(inspect.signature(f).parameters)) in ("binary_train", "train_a", "times_a")
    for key in inspect.signature(f).parameters
    if key not in BAD and key not in ("t_start", "t_end")
}


@pytest.mark.parametrize(("name", "key"), sorted(SILENT))
def test_a_number_is_checked_without_spikes_too(name: str, key: str) -> None:
    function = FUNCTIONS[name]
    good = _arguments(name, function)
    first = next(iter(good))
    good[first] = [] if first == "times_a" else np.zeros(STEPS, dtype=int)
    for value in (-1, math.nan, "a"):
        with pytest.raises(SCNeuroError, match=rf"{key}|fewer than two spikes"):
            function(**{**good, key: value})
