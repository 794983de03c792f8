"""What each command prints, in words, in JSON and in files."""

from __future__ import annotations

import csv
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from sc_neurocore import __version__
from sc_neurocore.cli import main
from sc_neurocore.neurons import list_bundled_schemas, load_schema, schema_to_toml
from sc_neurocore.toolchain import targets as known_targets

LIF = ["dv/dt = (-v + I)/tau", "--threshold", "v > 1", "--reset", "v = 0", "--param", "tau=10"]


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def read_json(*args: str) -> Any:
    result = run(*args, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_version() -> None:
    result = run("--version")
    assert (result.stdout, result.exit_code) == (f"sc-neurocore {__version__}\n", 0)


def every_command() -> list[tuple[str, ...]]:
    context = main.make_context("sc-neurocore", [], resilient_parsing=True)
    found: list[tuple[str, ...]] = []
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        found.append((name,))
        found += [(name, sub) for sub in getattr(command, "commands", ())]
    return found


@pytest.mark.parametrize("path", every_command(), ids=" ".join)
def test_every_command_documents_examples_and_exit_codes(path: tuple[str, ...]) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert "Examples:\n" in result.stdout and f"sc-neurocore {path[0]}" in result.stdout
    assert "Exit codes: 0 " in result.stdout
    assert "--json" in result.stdout or path in (
        ("models",),
        ("bitstream",),
        ("scnir",),
        ("cost-model",),
        ("board",),
        ("partition",),
        ("update",),
        ("serve", "token"),
    )


def test_top_level_help_documents_every_exit_code() -> None:
    text = run("--help").stdout
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130):
        assert f"\n    {code} " in text


def test_models_list_names_the_whole_catalogue() -> None:
    plain = run("models", "list").stdout.splitlines()
    assert [line.split()[0] for line in plain[1:]] == list_bundled_schemas()
    assert [d["name"] for d in read_json("models", "list")] == list_bundled_schemas()


def test_models_list_filters_by_family_and_behaviour() -> None:
    maps = read_json("models", "list", "--family", "map", "--tag", "bursting")
    assert "rulkov" in [d["name"] for d in maps]
    assert {d["family"] for d in maps} == {"map"}
    assert all("bursting" in d["behaviour"] for d in maps)
    result = run("models", "list", "--tag", "burst")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: no bundled model has the tag 'burst'; did you mean 'bursting'?\n"
    )


def test_models_plot_draws_the_default_protocol(tmp_path: Path) -> None:
    file = tmp_path / "adex.svg"
    result = run("models", "plot", "adex", "-o", str(file))
    assert result.stdout == f"{file}: 15 spikes in 500 ms\n"
    root = ElementTree.parse(file).getroot()
    titles = [e.text for e in root.iter() if e.tag.endswith("title")]
    assert "15 spikes, float" in titles
    assert run("models", "plot", "adex", "-o", "adex.png").exit_code == 2


def test_models_scan_gives_the_curve_of_the_leaky_neuron(tmp_path: Path) -> None:
    # 159 ticks of 0.1 ms from spike to spike at 2.5 nA: 28 whole ones in 450 ms, after the first.
    file = tmp_path / "rate.svg"
    found = read_json("models", "scan", "lif", "--parameter", "I=1.5:2.5:2", "--plot", str(file))
    assert found["values"] == [1.5, 2.5]
    assert found["measured"] == [0.0, pytest.approx(28 / 0.45)]
    assert found["measure_unit"] == "Hz"
    assert len([e for e in ElementTree.parse(file).iter() if e.tag.endswith("circle")]) == 2
    table = run("models", "scan", "lif", "--parameter", "tau_m=5:50:3", "--measure", "first-spike")
    assert table.stdout.splitlines()[0].split() == ["tau_m", "(ms)", "first-spike", "(ms)"]
    for wrong in ("I=4", "I=4:0:3", "I=0:inf:3", "x=0:1:3"):
        assert run("models", "scan", "lif", "--parameter", wrong).exit_code == 2
    from sc_neurocore.cli._models_scan import _MEASURES
    from sc_neurocore.neurons import MEASURES

    assert list(MEASURES) == list(_MEASURES)


def test_models_show_prints_equations_quantities_and_source() -> None:
    text = run("models", "show", "izhikevich2003").stdout
    for part in ("dv/dt = ", "du/dt = ", "spike when ", "then ", "membrane", "doi.org/10.1109/"):
        assert part in text, part
    shown = read_json("models", "show", "izhikevich2003")
    assert shown["document"] == load_schema("izhikevich2003")
    assert shown["descriptor"]["states"] == ["v", "u"]


def test_models_show_tells_jumps_events_crossings_and_the_note() -> None:
    loihi = run("models", "show", "loihi_cuba").stdout
    for part in ("jump u += 64*exc\n", "jump v += u\n", "u     whole state", "exc   event input",
                 "Note: The paper gives the equations"):  # fmt: skip
        assert part in loihi, part
    assert "as it becomes true that v > V_th" in run("models", "show", "wang_buzsaki").stdout


def test_models_scan_refuses_spikes_of_a_model_that_has_none() -> None:
    result = run("models", "scan", "sigmoid_rate", "--parameter", "I=0:4:3")
    assert result.exit_code == 2
    assert "'sigmoid_rate' never spikes; measure its mean, minimum or maximum" in result.stderr
    mean = run("models", "scan", "sigmoid_rate", "--parameter", "I=0:4:3", "--measure", "mean")
    assert mean.exit_code == 0


def test_models_validate_judges_each_file(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(schema_to_toml(load_schema("lif")))
    bad.write_text(good.read_text().replace('method = "exact"', 'method = "exakt"'))
    result = run("models", "validate", str(good), str(bad))
    assert result.exit_code == 2
    assert result.stdout == f"{good}: valid\n"
    assert result.stderr == (
        f"Error: {bad}: [dynamics] 'method' is 'exakt'; allowed: euler, heun, rk4, "
        "exponential_euler, exact, rosenbrock, map; did you mean 'exact'?\n"
    )
    result = run("models", "validate", str(good), str(bad), "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 2
    assert (found[str(good)]["valid"], found[str(bad)]["valid"]) == (True, False)


def test_models_validate_without_files_checks_the_catalogue() -> None:
    result = run("models", "validate")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"{name}: valid" for name in list_bundled_schemas()]


def test_targets_lists_every_device() -> None:
    plain = run("targets").stdout.splitlines()
    assert [line.split()[0] for line in plain[1:]] == list(known_targets())
    listed = {t["name"]: t for t in read_json("targets")}
    assert listed["ice40-hx8k"]["luts"] == 7680
    assert listed["ice40-hx8k"]["place_and_route"] is True
    assert listed["xilinx7"]["place_and_route"] is False


def test_doctor_reports_what_it_found() -> None:
    result = run("doctor", "--json")
    found = json.loads(result.stdout)
    missing = [t["name"] for t in found["tools"] if t["default"] and not t["found"]]
    assert found["default_build_works"] is (not missing)
    assert result.exit_code == (4 if missing else 0)
    assert all(t["version"] for t in found["tools"] if t["found"])
    assert run("doctor").exit_code == result.exit_code


def test_doctor_says_what_to_run_when_a_tool_is_missing() -> None:
    # An interpreter that sees our source and its plain dependencies, but no hardware wheels.
    hide = (
        "import sys, importlib.metadata as m\n"
        "real = m.version\n"
        "def version(name):\n"
        "    if name in ('pyosys', 'bitwuzla'): raise m.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "m.version = version\n"
        "from sc_neurocore.cli import main\n"
        "main(['doctor'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", hide], capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 4
    assert done.stderr == (
        "Error: the default build needs yosys, bitwuzla; "
        "run `pip install 'sc-neurocore[hardware]'`\n"
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_command(shell: str) -> None:
    script = read_json("completion", shell)["script"]
    assert "sc-neurocore" in script and "_SC_NEUROCORE_COMPLETE" in script
    assert run("completion", shell).stdout.strip() == script.strip()


def test_completion_knows_the_models() -> None:
    done = CliRunner().invoke(
        main, prog_name="sc-neurocore",
        env={
            "_SC_NEUROCORE_COMPLETE": "bash_complete",
            "COMP_WORDS": "sc-neurocore simulate izh", "COMP_CWORD": "2",
        },
    )  # fmt: skip
    assert done.stdout.split() == ["plain,izhikevich2003", "plain,izhikevich2007"]


def test_simulate_equations_gives_the_analytic_interval() -> None:
    # From 0 towards 2 with tau 10 ms, 1 is passed after 10·ln 2 = 6.93 ms: the tick at 7.0 ms.
    found = read_json("simulate", *LIF, "--current", "2", "--duration", "70", "--dt", "0.1")
    assert found["method"] == "exact"
    assert found["spike_times"] == pytest.approx([7.0 * k for k in range(1, 11)])
    assert (found["spikes"], found["rate_unit"]) == (10, "Hz")
    assert found["rate"] == pytest.approx(1000 / 7)


def test_simulate_final_state_follows_the_exact_solution() -> None:
    found = read_json(
        "simulate", "dv/dt = (-v + I)/tau", "--param", "tau=10", "--init", "v=3",
        "--current", "1", "--duration", "20",
    )  # fmt: skip
    assert found["final"]["v"] == pytest.approx(1 + 2 * math.exp(-2))
    assert found["spikes"] == 0


def test_simulate_uses_the_protocol_of_a_catalogue_model() -> None:
    found = read_json("simulate", "lif")
    protocol = load_schema("lif")["protocol"]
    assert found["duration"] == protocol["duration"]
    assert found["stimulus"]["amplitude"] == protocol["amplitude"]
    assert found["stimulus"]["onset"] == protocol["onset"]
    assert found["spikes"] == load_schema("lif")["golden"]["spikes"]


def test_simulate_lets_options_change_a_catalogue_model() -> None:
    found = read_json("simulate", "lif", "--param", "tau_m=20 ms", "--init", "v=-60", "--dt",
                      "0.05", "--method", "euler", "--name", "slow", "--duration", "60",
                      "--current", "0")  # fmt: skip
    assert (found["model"], found["method"], found["dt"]) == ("slow", "euler", 0.05)
    leak = load_schema("lif")["parameters"]["E_L"]["value"]
    assert found["final"]["v"] == pytest.approx(leak + (-60 - leak) * (1 - 0.05 / 20) ** 1200)


def test_simulate_reads_a_model_file(tmp_path: Path) -> None:
    path = tmp_path / "a=b.toml"
    path.write_text(schema_to_toml(load_schema("lif")))
    assert (
        read_json("simulate", str(path))["spike_times"]
        == (read_json("simulate", "lif")["spike_times"])
    )


def test_simulate_a_map_counts_iterations() -> None:
    found = read_json("simulate", "x[n+1] = x/2", "--init", "x=8", "--duration", "3", "--dt", "1")
    assert (found["final"]["x"], found["time_unit"]) == (1.0, "iterations")
    assert found["rate_unit"] == "per 1000 iterations"


def test_simulate_noise_is_decided_by_the_seed() -> None:
    first, again, other = (
        read_json("simulate", "stochastic_lif", "--duration", "300", "--seed", seed)
        for seed in ("1", "1", "2")
    )
    assert first == again
    assert first["spike_times"] != other["spike_times"]


def test_simulate_counts_the_spikes_of_all_neurons() -> None:
    one = read_json("simulate", *LIF, "--current", "2", "--duration", "70")
    many = read_json("simulate", *LIF, "--current", "2", "--duration", "70", "--neurons", "5")
    assert many["spikes"] == 5 * one["spikes"]
    assert many["rate"] == pytest.approx(one["rate"])


def test_simulate_checks_units_that_options_bring() -> None:
    units = ["dv/dt = (-v + I)/tau : mV", "--param", "tau=10 ms", "--range", "I=0:5 mV"]
    assert read_json("simulate", *units, "--current", "2")["stimulus"]["unit"] == "mV"


def test_simulate_runs_the_bit_true_model_beside_the_float_one() -> None:
    found = read_json("simulate", "lif", "--fixed", "Q8.16")
    assert abs(found["fixed"]["spikes"] - found["spikes"]) <= 1
    assert found["fixed"]["format"] == "Q8.16"
    text = run("simulate", "lif", "--fixed", "Q8.16").stdout
    assert "spikes in Q8.16: " in text and "LARGEST ERROR" in text


def test_simulate_writes_csv_and_svg(tmp_path: Path) -> None:
    table, plot = tmp_path / "trace.csv", tmp_path / "trace.svg"
    found = read_json("simulate", "lif", "--fixed", "Q8.16", "--csv", str(table), "--plot",
                      str(plot))  # fmt: skip
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert list(rows[0]) == ["time_ms", "I", "v", "v_fixed", "spike", "spike_fixed"]
    assert len(rows) == round(found["duration"] / found["dt"])
    for column, times in (
        ("spike", found["spike_times"]),
        ("spike_fixed", found["fixed"]["spike_times"]),
    ):
        marked = [float(row["time_ms"]) for row in rows if row[column] == "1"]
        assert marked == pytest.approx(times)
    assert ElementTree.parse(plot).getroot().tag.endswith("svg")
    assert sorted(tmp_path.iterdir()) == [table, plot]
