"""Run cells and component types in jNeuroML (Java; the wheel pyneuroml brings the jar).

``python tests/formats/jneuroml.py`` writes jneuroml.json, with which the default tests compare.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
RECORDED = HERE / "jneuroml.json"
STEP, LENGTH, ONSET = 0.025, 200.0, 10.0
#: Amplitude of the pulse from `ONSET` on in each cell of cells.nml; None has no input.
PULSES: Mapping[str, str | None] = {
    "iaf": "2nA", "iaftau": None, "iaftauref": None, "iafref": "2nA", "izh": "10",
    "izh07": "100pA", "adex": "800pA", "fhn": None, "hr": "0.1nA",
}  # fmt: skip
#: What is recorded where it is not v.
STATES = {"fhn": "V"}
#: Every how many ticks a state is kept.
EVERY = 40


def run(body: str, cells: Mapping[str, tuple[str, str | None, str]]) -> dict[str, Any]:
    """Simulate one cell of each component.

    Args:
        body: NeuroML or LEMS that defines the components.
        cells: recorded state, amplitude and kind of pulse ("" or "DL") by component.

    Returns:
        Spike times in ms and every 40th value of the state after a tick, by component, as
        jNeuroML writes them (volts for voltages).
    """
    jar = next((Path(str(find_spec("pyneuroml").origin)).parent / "lib").glob("*.jar"))  # type: ignore[union-attr]
    populations = inputs = columns = events = pulses = ""
    for k, (name, (state, amplitude, kind)) in enumerate(cells.items()):
        populations += f'<population id="p_{name}" component="{name}" size="1"/>'
        if amplitude is not None:
            pulses += (
                f'<pulseGenerator{kind} id="g_{name}" delay="{ONSET}ms" duration="10s" '
                f'amplitude="{amplitude}"/>'
            )
            inputs += f'<explicitInput target="p_{name}[0]" input="g_{name}"/>'
        columns += f'<OutputColumn id="{name}" quantity="p_{name}[0]/{state}"/>'
        if name != "fhn":  # its type declares no event
            events += f'<EventSelection id="{k}" select="p_{name}[0]" eventPort="spike"/>'
    includes = "".join(
        f'<Include file="{name}.xml"/>' for name in ("Cells", "Networks", "Simulation", "Inputs")
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "LEMS_run.xml").write_text(
            f'<Lems><Target component="sim"/>{includes}{body}{pulses}'
            f'<network id="net">{populations}{inputs}</network>'
            f'<Simulation id="sim" length="{LENGTH}ms" step="{STEP}ms" target="net">'
            f'<OutputFile id="of" fileName="v.dat">{columns}</OutputFile>'
            f'<EventOutputFile id="ef" fileName="s.dat" format="ID_TIME">{events}'
            "</EventOutputFile></Simulation></Lems>",
            encoding="utf-8",
        )
        done = subprocess.run(
            ["java", "-Xmx400m", "-jar", str(jar), "LEMS_run.xml", "-nogui"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert Path(folder, "v.dat").exists(), done.stdout + done.stderr
        table = np.loadtxt(Path(folder, "v.dat"))
        spikes = np.loadtxt(Path(folder, "s.dat"), ndmin=2).reshape(-1, 2)
    return {
        name: {
            "spikes": [round(float(t) * 1e3, 6) for i, t in spikes if i == k],
            "state": [float(x) for x in table[1::EVERY, k + 1]],
        }
        for k, name in enumerate(cells)
    }


def recorded_cells() -> dict[str, Any]:
    """The cells of cells.nml in jNeuroML."""
    text = (HERE / "cells.nml").read_text(encoding="utf-8")
    body = text[text.index(">") + 1 : text.index("</neuroml>")]
    cells = {
        name: (STATES.get(name, "v"), pulse, "DL" if name == "izh" else "")
        for name, pulse in PULSES.items()
    }
    return run(body, cells)


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(recorded_cells(), indent=1) + "\n", encoding="utf-8")
