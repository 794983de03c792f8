"""Bad input: one exact sentence on stderr, nothing on stdout, the documented exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sc_neurocore.cli import main
from sc_neurocore.cli._group import LazyGroup
from sc_neurocore.exceptions import (
    HardwareSimMismatchError,
    SCCompilerError,
    SCDependencyError,
    ToolError,
)

RC = "dv/dt = (-v + I)/tau"

REFUSED = [
    (["simulte"], "there is no command 'simulte'; did you mean 'simulate'?"),
    (["models", "shwo"], "there is no command 'shwo'; did you mean 'show'?"),
    (["simulate", "lif", "--curent", "2"],
     "there is no option '--curent'; did you mean '--current'?"),
    (["simulate"], "Missing argument 'MODEL'."),
    (["simulate", "lfi"], "no bundled model is called 'lfi'; did you mean 'lif'?"),
    (["simulate", "../lif"],
     "model name '../lif' is not a name; give a bundled model such as 'lif' or the path of a "
     ".toml or .json file"),
    (["simulate", "models/../../lif"],
     "model name 'models/../../lif' is not a name; give a bundled model such as 'lif' or the "
     "path of a .toml or .json file"),
    (["models", "show", "/etc/passwd"],
     "model name '/etc/passwd' is not a name; give a bundled model such as 'lif' or the path of "
     "a .toml or .json file"),
    (["simulate", "."], "'.' is a directory; name a file in it"),
    (["build", "lif", "--backend", "fixed"],
     "option '--backend' is for a network, a file that ends in .nir or .onnx"),
    (["simulate", "none.toml"], "none.toml: no such file"),
    (["simulate", "lif", "--param", "tau=3"],
     "model 'lif' has no parameter 'tau'; did you mean 'tau_m'?"),
    (["simulate", "lif", "--init", "w=3"], "model 'lif' has no state 'w'; known: v"),
    (["simulate", "lif", "--range", "q=0:1"],
     "model 'lif' has no state, parameter or input 'q'; known: E_L, I, R, V_reset, V_th, tau_m, v"),
    (["simulate", "lif", "--param", "tau_m=nan"],
     "parameter 'tau_m' is nan; it must be a finite number"),
    (["simulate", RC, "--param", "tau=inf"],
     "parameter 'tau' is inf; it must be a finite number"),
    (["simulate", RC, "--param", "tau=-inf"],
     "parameter 'tau' is -inf; it must be a finite number"),
    (["simulate", RC, "--param", "tau=1e999"],
     "parameter 'tau' is inf; it must be a finite number"),
    (["simulate", RC, "--param", "tau=ten"],
     "parameter 'tau' is 'ten'; it must be a number, or a number and its unit"),
    (["simulate", RC, "--param", "tau"],
     "--param 'tau' is not NAME=VALUE; write for example tau=10"),
    (["simulate", RC, "--param", "tau="],
     "--param 'tau=' is not NAME=VALUE; write for example tau=10"),
    (["simulate", RC, "--param", "tau=1", "--param", "tau=2"],
     "--param gives 'tau' twice; give it once"),
    (["simulate", RC, "--param", "tau=0"], "parameter 'tau' is 0; it must be greater than 0"),
    (["simulate", RC, "--param", "tau=-1"], "parameter 'tau' is -1; it must be greater than 0"),
    (["simulate", "lif", "--param", "tau_m=500"],
     "[parameters.tau_m] 'value' is 500; it must lie in its range [5, 50]"),
    (["simulate", "lif", "--param", "tau_m=10 mV"],
     "'tau_m' is given in mV, but the model declares it in ms; write the number in ms"),
    (["simulate", "lif", "--range", "v=3"],
     "--range 'v=3' is not NAME=LOW:HIGH; write for example v=-80:40"),
    (["simulate", "lif", "--range", "v=3:1"], "range of 'v' is 3:1; low must be below high"),
    (["simulate", RC, "--param", "tau=10", "--range", "q=0:1"],
     "--range names 'q', which the equations lack; known: I, tau, v"),
    (["simulate", "lif", "--dt", "0"], "--dt is 0; it must be greater than 0"),
    (["simulate", RC, "--dt", "-1"], "--dt is -1; it must be greater than 0"),
    (["simulate", RC, "--dt", "nan"], "--dt is nan; it must be a finite number"),
    (["simulate", "lif", "--refractory", "-1"], "--refractory is -1; it must be 0 or more"),
    (["simulate", "lif", "--duration", "nan"], "--duration is nan; it must be a finite number"),
    (["simulate", "lif", "--duration", "0.01"],
     "--duration is 0.01; it must be at least one tick, 0.1"),
    (["simulate", "lif", "--current", "inf"], "--current is inf; it must be a finite number"),
    (["simulate", "dv/dt = -v", "--current", "1"],
     "model 'neuron' has no input; leave --current out"),
    (["simulate", "lif", "--neurons", "0"], "neurons is 0; it must be from 1 to 2147483647"),
    (["simulate", "lif", "--seed", "-1"], "seed is -1; it must be from 0 to 2**64 - 1"),
    (["simulate", "lif", "--neurons", "2", "--fixed", "Q8.8"],
     "--fixed runs one neuron; leave --neurons out"),
    (["simulate", "lif", "--fixed", "Q8"],
     "format 'Q8' is not a Q format; write for example Q8.8, Q16.16 or UQ8.8"),
    (["simulate", "lif", "--plot", "trace.png"],
     "--plot writes SVG; 'trace.png' must end in .svg"),
    (["simulate", "lif", "--csv", "no/where.csv"],
     "no/where.csv cannot be written: No such file or directory"),
    (["simulate", "lif", "--csv", "."], ". is a directory; give the name of a file"),
    (["simulate", "dv/dt = (-v + I)/tau", "--param", "tau=10", "--param", "zeta=2"],
     "--param gives 'zeta', which no equation reads; known: I, tau, v"),
    (["build", "lif", "--seed", "-1"], "seed is -1; it must be 0 or more"),
    (["build", "lif", "--timeout", "nan"], "timeout is nan s; it must be above 0 and finite"),
    (["build", "lif", "--clock-mhz", "0"], "clock is 0 MHz; it must be above 0 and below 2000"),
    (["build", "lif", "--out", "."],
     "output '.' has no name of its own; name a directory that does not exist yet"),
    (["simulate", "lif", "--dt", "1e-9"],
     "a run of 500 ms has 5e+11 ticks of 1e-09 ms; at most 20000000 are run"),
    (["simulate", "dv/dt = (-v + I)/tua", "--param", "tau=10"],
     "unknown name 'tua'; did you mean 'tau'?\n  dv/dt = (-v + I)/tua\n"
     "                   ^^^"),
    (["simulate", "dv/dt = __import__('os')"],
     "call to '__import__' is not allowed; allowed: abs, clip, cos, delay, exp, exprel, floor, "
     "log, max, min, rand, randn, sigmoid, sin, sqrt, sum, tanh, where\n"
     "  dv/dt = __import__('os')\n          ^^^^^^^^^^"),
    (["simulate", "dv/dt = (-v + I)/tau : mV", "--param", "tau=10 mV", "--range", "I=0:5 mV"],
     "unit mismatch: 'dv/dt' is in mV / ms, but its right side is dimensionless\n"
     "  dv/dt = (-v + I)/tau : mV\n          ^^^^^^^^^^^^"),
    (["simulate", "dv/dt = -v : mV", "--init", "v=3 V"],
     "'v' is given in V and in mV; write the same unit everywhere"),
    (["simulate", RC, "--param", "tau=10", "--name", "../x"],
     "model name '../x' is not an identifier; use letters, digits and '_', starting with a letter"),
    (["simulate", RC, "--param", "tau=10", "--init", "w=3"],
     "init names 'w', which is not a state; known: v"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED, ids=lambda v: " ".join(v)[:60])
def test_bad_input(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, arguments)
    assert result.stderr == f"Error: {sentence}\n"
    assert (result.stdout, result.exit_code) == ("", 2)
    assert list(tmp_path.iterdir()) == []


def test_json_mode_keeps_stdout_empty_on_errors() -> None:
    result = CliRunner().invoke(main, ["simulate", "lfi", "--json"])
    assert (result.stdout, result.exit_code) == ("", 2)


def test_a_format_that_cannot_hold_the_model_exits_3() -> None:
    result = CliRunner().invoke(main, ["simulate", "lif", "--fixed", "Q2.2"])
    assert (result.stdout, result.exit_code) == ("", 3)
    assert result.stderr.startswith("Error: format Q2.2 holds [-2, 1.75] but 'v' is declared")


def _group_that_raises(error: BaseException) -> LazyGroup:
    group = LazyGroup(name="test", package="sc_neurocore.cli", modules={})

    def fail(*_: object) -> None:
        raise error

    group.list_commands = lambda _: ["fail"]  # type: ignore[method-assign]
    group.get_command = fail  # type: ignore[assignment, method-assign]
    return group


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SCCompilerError("s"), 3), (SCDependencyError("s"), 4), (ToolError("s"), 5),
        (HardwareSimMismatchError("s"), 6),
    ],
)  # fmt: skip
def test_each_family_of_errors_has_its_exit_code(error: Exception, code: int) -> None:
    result = CliRunner().invoke(_group_that_raises(error), ["fail"])
    assert (result.stderr, result.stdout, result.exit_code) == ("Error: s\n", "", code)


def test_ctrl_c_exits_130() -> None:
    result = CliRunner().invoke(_group_that_raises(KeyboardInterrupt()), ["fail"])
    assert (result.stderr.strip(), result.stdout, result.exit_code) == ("Interrupted.", "", 130)


def test_a_fault_of_ours_asks_for_a_report_and_hides_the_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = _group_that_raises(ZeroDivisionError("division by zero"))
    result = CliRunner().invoke(group, ["fail"])
    assert result.stderr == (
        "Error: unexpected ZeroDivisionError: division by zero\n"
        "This is a fault in sc-neurocore; please report it with the output of the same command "
        "under SC_NEUROCORE_DEBUG=1.\n"
    )
    assert result.exit_code == 1
    monkeypatch.setenv("SC_NEUROCORE_DEBUG", "1")
    assert isinstance(CliRunner().invoke(group, ["fail"]).exception, ZeroDivisionError)


def _process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = "from sc_neurocore.cli import main; main(prog_name='sc-neurocore')"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def test_a_real_process_refuses_in_one_line_without_traceback() -> None:
    done = _process("simulate", "lfi")
    assert done.stderr == "Error: no bundled model is called 'lfi'; did you mean 'lif'?\n"
    assert (done.stdout, done.returncode) == ("", 2)


def test_debug_shows_the_traceback() -> None:
    done = _process("simulate", "lfi", SC_NEUROCORE_DEBUG="1")
    assert "Traceback" in done.stderr and "ModelNotFoundError" in done.stderr


@pytest.mark.parametrize(
    ("command", "heavy"),
    [
        (["--help"], {"numpy", "numba", "scipy", "pint", "jinja2", "rich", "pyosys"}),
        (["models", "show", "lif"], {"numba", "llvmlite", "torch", "matplotlib", "elephant"}),
    ],
)
def test_a_light_command_imports_no_heavy_package(command: list[str], heavy: set[str]) -> None:
    program = (
        "import sys\n"
        "from sc_neurocore.cli import main\n"
        f"try: main({command})\n"
        "except SystemExit: pass\n"
        f"print(sorted({heavy} & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.stderr == "[]\n"
    assert "Commands:" in done.stdout or "dv/dt" in done.stdout
