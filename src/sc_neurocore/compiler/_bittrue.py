"""The bit-true model: the datapath executed on integers, exactly as the RTL does.

One kernel is generated per datapath from its operations (never from user text) and runs as plain
Python for short runs or compiled by numba for long ones; both give the same integers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.compiler._datapath import Node
from sc_neurocore.compiler._lower import DITHER, REFRACTORY, Datapath
from sc_neurocore.exceptions import SCConfigError

DITHER_SEED = 0x9E3779B9
#: Operations above which compiling pays: plain Python does some 20 million a second.
_COMPILE_ABOVE = 100_000_000

Raw = NDArray[np.int64]


@dataclass(frozen=True)
class FixedState:
    """Everything a tick leaves behind.

    Attributes:
        values: raw states, shape (S, N).
        refractory: remaining refractory ticks, shape (N,).
        above: whether the threshold condition held at the last tick, shape (N,).
        dither: noise register of stochastic rounding, shape (N,).
        trapped: sticky overflow flag, shape (N,).
    """

    values: Raw
    refractory: Raw
    above: Raw
    dither: Raw
    trapped: Raw


@dataclass(frozen=True)
class FixedRun:
    """Result of a bit-true run over T ticks and N neurons.

    Attributes:
        states: raw state values after each tick, name to (T, N).
        spikes: 0 or 1, shape (T, N).
        final: where a following run continues.
    """

    states: Mapping[str, Raw]
    spikes: Raw
    final: FixedState


def initial_state(datapath: Datapath, neurons: int = 1) -> FixedState:
    """State after reset."""
    values = np.repeat(np.asarray(datapath.init, dtype=np.int64)[:, None], neurons, axis=1)
    zero = np.zeros(neurons, dtype=np.int64)
    return FixedState(values, zero, zero, np.full(neurons, DITHER_SEED, dtype=np.int64), zero)


def simulate_fixed(
    datapath: Datapath,
    inputs: Mapping[str, ArrayLike],
    *,
    state: FixedState | None = None,
) -> FixedRun:
    """Run the bit-true model.

    Args:
        datapath: what to execute.
        inputs: raw integers per port (inputs, parameters, draws), shape (T,) or (T, N).
        state: where to start; default after reset.

    Raises:
        SCConfigError: a port is missing, shapes disagree or a value lies outside its port.
    """
    ports = (*datapath.inputs, *datapath.parameters, *datapath.draws)
    columns = []
    for port in ports:
        if port.name not in inputs:
            raise SCConfigError(f"no values given for port '{port.name}'")
        raw = _integers(port.name, inputs[port.name])
        if raw.size and (raw.min() < port.low or raw.max() > port.high):
            worst = raw.min() if raw.min() < port.low else raw.max()
            raise SCConfigError(
                f"port '{port.name}' takes raw values {port.low} to {port.high} "
                f"({port.low * port.format.resolution:g} to {port.high * port.format.resolution:g} "
                f"{port.unit}); {worst} was given"
            )
        columns.append(raw)
    if not columns:
        raise SCConfigError("the model has no input port; give the ticks through simulate_ticks")
    ticks = max(c.shape[0] for c in columns)
    neurons = max(c.shape[1] for c in columns)
    for port, c in zip(ports, columns, strict=True):
        if c.shape[0] != ticks or c.shape[1] not in (1, neurons):
            raise SCConfigError(
                f"port '{port.name}' has values of shape {c.shape}, another port has "
                f"({ticks}, {neurons}); give every port the same ticks and neurons"
            )
    columns = [np.broadcast_to(c, (ticks, neurons)) for c in columns]
    start = state or initial_state(datapath, neurons)
    if start.values.shape != (len(datapath.states), neurons):
        raise SCConfigError(
            f"the state holds {start.values.shape[1]} neurons, the inputs {neurons}"
        )
    return _run(datapath, columns, ticks, neurons, start)


def _integers(name: str, given: ArrayLike) -> Raw:
    """Raw values as (T, N or 1)."""
    raw = np.asarray(given)
    if raw.ndim not in (1, 2):
        raise SCConfigError(
            f"values of port '{name}' have {raw.ndim} dimensions; give (T,) or (T, N)"
        )
    if not np.issubdtype(raw.dtype, np.integer) and raw.size:
        raise SCConfigError(
            f"port '{name}' takes raw integers; quantise real values to its format first"
        )
    raw = raw.astype(np.int64)
    return raw[:, None] if raw.ndim == 1 else raw


def simulate_ticks(datapath: Datapath, ticks: int, *, state: FixedState | None = None) -> FixedRun:
    """Run a model without ports for a number of ticks."""
    start = state or initial_state(datapath, 1)
    return _run(datapath, [], ticks, start.values.shape[1], start)


def _run(
    datapath: Datapath, columns: list[Raw], ticks: int, neurons: int, start: FixedState
) -> FixedRun:
    count = len(datapath.states)
    work = ticks * neurons * max(1, len(datapath.nodes))
    compiled = work > _COMPILE_ABOVE
    kernel = _compiled_kernel(datapath) if compiled else _plain_kernel(datapath)
    states = np.empty((count, neurons, ticks), dtype=np.int64)
    spikes = np.empty((neurons, ticks), dtype=np.int64)
    after = np.empty((count + 4, neurons), dtype=np.int64)
    roms = [np.asarray(t, dtype=np.int64) for t in rom_contents(datapath)]
    for j in range(neurons):
        ports: list[Any] = [np.ascontiguousarray(c[:, j]) for c in columns]
        before: list[Any] = [
            *(int(v) for v in start.values[:, j]),
            int(start.refractory[j]), int(start.above[j]),
            int(start.dither[j]), int(start.trapped[j]),
        ]  # fmt: skip
        if compiled:
            end = kernel(
                ticks, *ports, *roms, *before, *(states[s, j] for s in range(count)), spikes[j]
            )
        else:
            traces: list[list[int]] = [[0] * ticks for _ in range(count + 1)]
            lists = [p.tolist() for p in ports]
            end = kernel(ticks, *lists, *(r.tolist() for r in roms), *before, *traces)
            for s in range(count):
                states[s, j] = traces[s]
            spikes[j] = traces[count]
        after[:, j] = end
    final = FixedState(
        after[:count], after[count], after[count + 1], after[count + 2], after[count + 3]
    )
    return FixedRun({p.name: states[i].T for i, p in enumerate(datapath.states)}, spikes.T, final)


def rom_contents(datapath: Datapath) -> list[tuple[int, ...]]:
    """Contents of the datapath's tables, in order of first use."""
    seen: dict[tuple[int, ...], None] = {}
    for node in datapath.nodes:
        if node.table is not None:
            seen[node.table.values] = None
    return list(seen)


@lru_cache(maxsize=32)
def _plain_kernel_of(source: str) -> Callable[..., tuple[int, ...]]:
    space: dict[str, Any] = {}
    exec(compile(source, "<bit-true kernel>", "exec"), space)  # noqa: S102 - generated, no user text
    kernel: Callable[..., tuple[int, ...]] = space["kernel"]
    return kernel


def _plain_kernel(datapath: Datapath) -> Callable[..., tuple[int, ...]]:
    return _plain_kernel_of(kernel_source(datapath))


@lru_cache(maxsize=32)
def _compiled_kernel_of(source: str) -> Callable[..., tuple[int, ...]]:
    from numba import njit

    compiled: Callable[..., tuple[int, ...]] = njit(_plain_kernel_of(source))
    return compiled


def _compiled_kernel(datapath: Datapath) -> Callable[..., tuple[int, ...]]:
    return _compiled_kernel_of(kernel_source(datapath))


def kernel_source(datapath: Datapath) -> str:
    """Python text of the kernel: one neuron, many ticks, integers only."""
    states = [f"s{i}" for i in range(len(datapath.states))]
    ports = (*datapath.inputs, *datapath.parameters, *datapath.draws)
    names = {p.name: f"p{i}[t]" for i, p in enumerate(ports)}
    names |= {p.name: s for p, s in zip(datapath.states, states, strict=True)}
    names |= {DITHER: "dither", REFRACTORY: "(1 if refractory > 0 else 0)"}
    tables = {values: f"rom{i}" for i, values in enumerate(rom_contents(datapath))}
    arguments = [
        "ticks", *(f"p{i}" for i in range(len(ports))), *tables.values(), *states,
        "refractory", "above", "dither", "trapped", *(f"out_{s}" for s in states), "out_spike",
    ]  # fmt: skip
    body = [f"def kernel({', '.join(arguments)}):", "    for t in range(ticks):"]
    for i, node in enumerate(datapath.nodes):
        body.append(f"        n{i} = {operation(node, names, tables)}")
    put = body.append
    model = datapath.model
    if datapath.condition is None:
        put("        spike = 0")
    else:
        put(f"        now = n{datapath.condition}")
        onset = " and above == 0" if model.edge == "rising" else ""
        put(f"        spike = 1 if now != 0 and refractory == 0{onset} else 0")
        put("        above = now")
    for flag in datapath.overflows:
        terms = [f"n{flag.node}"]
        terms += ["(1 if refractory == 0 else 0)"] * flag.held
        terms += ["(1 - spike)"] * flag.replaced + ["spike"] * flag.at_spike
        put(f"        trapped = trapped | ({' & '.join(terms)})")
    for i, (state, held) in enumerate(zip(states, datapath.hold, strict=True)):
        value = f"n{datapath.candidate[i]}"
        if i in datapath.after_reset:
            value = f"(n{datapath.after_reset[i]} if spike else {value})"
        if held and model.refractory_ticks:
            value = f"({state} if refractory > 0 else {value})"
        put(f"        next_{state} = {value}")
    for state in states:
        put(f"        {state} = next_{state}")
    if model.refractory_ticks:
        put(f"        refractory = {model.refractory_ticks} if spike else max(refractory - 1, 0)")
    if datapath.uses_dither:
        for shift in ("<< 13", ">> 17", "<< 5"):
            put(f"        dither = (dither ^ (dither {shift})) & 4294967295")
    for state in states:
        put(f"        out_{state}[t] = {state}")
    put("        out_spike[t] = spike")
    put(f"    return ({', '.join([*states, 'refractory', 'above', 'dither', 'trapped'])})")
    return "\n".join(body) + "\n"


def operation(node: Node, names: Mapping[str, str], tables: Mapping[tuple[int, ...], str]) -> str:
    """Python text of a node's value, its operands being ``n0``, ``n1`` and so on."""
    a = [f"n{i}" for i in node.args]
    k = node.value
    match node.op:
        case "const":
            return str(k)
        case "source":
            return names[node.name]
        case "add":
            return f"{a[0]} + {a[1]}"
        case "sub":
            return f"{a[0]} - {a[1]}"
        case "mul":
            return f"{a[0]} * {a[1]}"
        case "cmul":
            return f"{a[0]} * {k}"
        case "shl":
            return f"{a[0]} << {k}" if k else a[0]
        case "shr":
            return f"{a[0]} >> {k}"
        case "round_away":
            return f"({a[0]} + {1 << (k - 1)} - (1 if {a[0]} < 0 else 0)) >> {k}"
        case "round_even":
            return f"({a[0]} + {(1 << (k - 1)) - 1} + (({a[0]} >> {k}) & 1)) >> {k}"
        case "clamp":
            return f"min(max({a[0]}, {node.low}), {node.high})"
        case "wrap":
            span = node.high - node.low + 1
            if node.low == 0:
                return f"{a[0]} & {span - 1}"
            return f"(({a[0]} + {-node.low}) & {span - 1}) + {node.low}"
        case "lt":
            return f"1 if {a[0]} < {a[1]} else 0"
        case "le":
            return f"1 if {a[0]} <= {a[1]} else 0"
        case "eq":
            return f"1 if {a[0]} == {a[1]} else 0"
        case "and":
            return f"{a[0]} & {a[1]}"
        case "or":
            return f"{a[0]} | {a[1]}"
        case "not":
            return f"1 - {a[0]}"
        case "select":
            return f"{a[1]} if {a[0]} else {a[2]}"
        case "rom":
            assert node.table is not None
            return f"{tables[node.table.values]}[{a[0]}]"
        case "mod":
            return f"{a[0]} & {(1 << k) - 1}"
        case "shr_by":
            return f"{a[0]} >> {a[1]}"
        case "shl_by":
            return f"{a[0]} << {a[1]}"
        case "msb":
            steps = [f"({a[0]} >= {1 << i})" for i in range(node.low + 1, node.high + 1)]
            return " + ".join([str(node.low), *(f"(1 if {s} else 0)" for s in steps)])
    raise AssertionError(node.op)
