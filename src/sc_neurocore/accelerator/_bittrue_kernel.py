"""Kernels of the bit-true network simulator; imported only when a network is simulated.

One kernel runs every network: the neurons' integer operations arrive as a table and are executed
one operation at a time over all neurons of a layer, so a new network compiles nothing.
"""

from __future__ import annotations

import numpy as np

from sc_neurocore._jit import jit_in

#: Operations of a datapath that the kernel knows, by number.
OPERATIONS = (
    "const", "source", "add", "sub", "mul", "cmul", "shl", "shr", "round_away", "round_even",
    "clamp", "wrap", "lt", "le", "eq", "and", "or", "not", "select", "mod",
)  # fmt: skip
(
    CONST, SOURCE, ADD, SUB, MUL, CMUL, SHL, SHR, ROUND_AWAY, ROUND_EVEN,
    CLAMP, WRAP, LT, LE, EQ, AND, OR, NOT, SELECT, MOD,
) = range(len(OPERATIONS))  # fmt: skip

RATE, DIRECT, EVENTS = range(3)


_jit = jit_in(__file__)


@_jit
def _add_rows(acc, weights, base, fan_out, active, count):  # type: ignore[no-untyped-def]
    """``acc += sum of the rows of the active sources``, four rows at a time."""
    k = 0
    while k + 4 <= count:
        a = weights[base + active[k] * fan_out : base + (active[k] + 1) * fan_out]
        b = weights[base + active[k + 1] * fan_out : base + (active[k + 1] + 1) * fan_out]
        c = weights[base + active[k + 2] * fan_out : base + (active[k + 2] + 1) * fan_out]
        d = weights[base + active[k + 3] * fan_out : base + (active[k + 3] + 1) * fan_out]
        for n in range(fan_out):
            acc[n] += a[n] + b[n] + c[n] + d[n]
        k += 4
    while k < count:
        a = weights[base + active[k] * fan_out : base + (active[k] + 1) * fan_out]
        for n in range(fan_out):
            acc[n] += a[n]
        k += 1


@_jit
def _lane(ops, args, values, lows, highs, first, last, regs, start, size):  # type: ignore[no-untyped-def]
    """Execute one layer's operations on all its neurons."""
    for i in range(first, last):
        op = ops[i]
        if op <= SOURCE:  # constants and sources are there already
            continue
        o = start + (i - first) * size
        out = regs[o : o + size]
        p = start + args[i, 0] * size
        a = regs[p : p + size]
        p = start + max(args[i, 1], 0) * size
        b = regs[p : p + size]
        k = values[i]
        if op == ADD:
            for n in range(size):
                out[n] = a[n] + b[n]
        elif op == SUB:
            for n in range(size):
                out[n] = a[n] - b[n]
        elif op == MUL:
            for n in range(size):
                out[n] = a[n] * b[n]
        elif op == CMUL:
            for n in range(size):
                out[n] = a[n] * k
        elif op == SHL:
            for n in range(size):
                out[n] = a[n] << k
        elif op == SHR:
            for n in range(size):
                out[n] = a[n] >> k
        elif op == ROUND_AWAY:
            half = np.int64(1) << (k - 1)
            for n in range(size):
                out[n] = (a[n] + half - (1 if a[n] < 0 else 0)) >> k
        elif op == ROUND_EVEN:
            half = (np.int64(1) << (k - 1)) - 1
            for n in range(size):
                out[n] = (a[n] + half + ((a[n] >> k) & 1)) >> k
        elif op == CLAMP:
            low, high = lows[i], highs[i]
            for n in range(size):
                out[n] = min(max(a[n], low), high)
        elif op == WRAP:
            low, high = lows[i], highs[i]
            span = high - low
            for n in range(size):
                out[n] = ((a[n] - low) & span) + low
        elif op == LT:
            for n in range(size):
                out[n] = a[n] < b[n]
        elif op == LE:
            for n in range(size):
                out[n] = a[n] <= b[n]
        elif op == EQ:
            for n in range(size):
                out[n] = a[n] == b[n]
        elif op == AND:
            for n in range(size):
                out[n] = a[n] & b[n]
        elif op == OR:
            for n in range(size):
                out[n] = a[n] | b[n]
        elif op == NOT:
            for n in range(size):
                out[n] = 1 - a[n]
        elif op == SELECT:
            p = start + args[i, 2] * size
            c = regs[p : p + size]
            for n in range(size):
                out[n] = b[n] if a[n] != 0 else c[n]
        elif op == MOD:
            mask = (np.int64(1) << k) - 1
            for n in range(size):
                out[n] = a[n] & mask


@_jit
def _decided(counts, remaining):  # type: ignore[no-untyped-def]
    """Whether no rival can still overtake the first of the largest counts."""
    top = 0
    for n in range(1, len(counts)):
        if counts[n] > counts[top]:
            top = n
    for n in range(len(counts)):
        lead = counts[top] - counts[n]
        if n != top and (lead < remaining or (lead == remaining and n < top)):
            return False
    return True


@_jit
def run_samples(  # type: ignore[no-untyped-def]
    begin, end, ticks, inputs, coding, input_bits, numbers, levels, events,
    sizes, of_layer, source, delay, offset, versions, weights,
    of_nodes, ops, args, values, lows, highs, of_states, state_source, candidate, after, initial,
    condition, current, of_ports, port_source, port_values, output, spiking,
    acc_type, counts, membranes, layer_spikes, used, saturations, additions, ranges, keep, spikes,
):  # fmt: skip
    """Simulate samples ``begin`` to ``end - 1``; see `sc_neurocore.accelerator._bittrue`."""
    layers = len(sizes)
    neuron = np.zeros(layers + 1, np.int64)  # first neuron of each layer
    place = np.zeros(layers + 1, np.int64)  # first register of each layer
    cell = np.zeros(layers + 1, np.int64)  # first state of each layer
    for y in range(layers):
        neuron[y + 1] = neuron[y] + sizes[y]
        place[y + 1] = place[y] + sizes[y] * (of_nodes[y + 1] - of_nodes[y])
        cell[y + 1] = cell[y] + sizes[y] * (of_states[y + 1] - of_states[y])
    regs = np.zeros(place[layers], np.int64)
    states = np.zeros(cell[layers], np.int64)
    accumulators = np.zeros(neuron[layers], acc_type.dtype)
    constant = np.zeros(neuron[layers], acc_type.dtype)
    active = np.zeros((ticks, neuron[layers]), np.int32)
    count = np.zeros((ticks, layers), np.int64)
    entering = np.zeros((ticks, inputs), np.int32)
    entered = np.zeros(ticks, np.int64)
    for y in range(layers):
        size = sizes[y]
        for i in range(of_nodes[y], of_nodes[y + 1]):
            if ops[i] == CONST:
                o = place[y] + (i - of_nodes[y]) * size
                regs[o : o + size] = values[i]
        for k in range(of_ports[y], of_ports[y + 1]):
            if port_source[k] >= 0:
                o = place[y] + port_source[k] * size
                regs[o : o + size] = port_values[k, :size]

    for s in range(begin, end):
        for y in range(layers):
            for k in range(of_states[y], of_states[y + 1]):
                o = cell[y] + (k - of_states[y]) * sizes[y]
                states[o : o + sizes[y]] = initial[k]
        result = counts[s]
        for t in range(ticks):
            found = 0
            row = entering[t]
            if coding == RATE:
                number = numbers[t]
                level = levels[s]
                for j in range(inputs):
                    row[found] = j
                    found += 1 if level[j] > number else 0
            elif coding == EVENTS:
                event = events[s, t]
                for j in range(inputs):
                    row[found] = j
                    found += 1 if event[j] != 0 else 0
            entered[t] = found

            for y in range(layers):
                size = sizes[y]
                acc = accumulators[neuron[y] : neuron[y + 1]]
                acc[:] = 0
                for p in range(of_layer[y], of_layer[y + 1]):
                    then = t - delay[p]
                    if then < 0:
                        continue
                    origin = source[p]
                    fan_in = inputs if origin < 0 else sizes[origin]
                    base = offset[p] + (t % versions[p]) * fan_in * size
                    if origin >= 0:
                        row = active[then, neuron[origin] : neuron[origin + 1]]
                        _add_rows(acc, weights, base, size, row, count[then, origin])
                        additions[s] += count[then, origin] * size
                    elif coding != DIRECT:
                        _add_rows(acc, weights, base, size, entering[then], entered[then])
                        additions[s] += entered[then] * size
                    else:
                        # The planes double what is already in the accumulators, bit by bit.
                        total = constant[neuron[y] : neuron[y + 1]]
                        if versions[p] > 1 or then == 0:
                            total[:] = 0
                            for j in range(inputs):
                                level_j = levels[s, j]
                                if level_j != 0:
                                    w = weights[base + j * size : base + (j + 1) * size]
                                    for n in range(size):
                                        total[n] += level_j * w[n]
                        for n in range(size):
                            acc[n] = (acc[n] << input_bits) + total[n]

                start = place[y]
                if current[y] >= 0:
                    o = start + current[y] * size
                    for n in range(size):
                        regs[o + n] = acc[n]
                for k in range(of_states[y], of_states[y + 1]):
                    if state_source[k] >= 0:
                        o = start + state_source[k] * size
                        c = cell[y] + (k - of_states[y]) * size
                        for n in range(size):
                            regs[o + n] = states[c + n]
                first = of_nodes[y]
                _lane(ops, args, values, lows, highs, first, of_nodes[y + 1], regs, start, size)
                fired = 0
                row = active[t, neuron[y] : neuron[y + 1]]
                if condition[y] >= 0:
                    o = start + condition[y] * size
                    for n in range(size):
                        row[fired] = n
                        fired += 1 if regs[o + n] != 0 else 0
                count[t, y] = fired
                layer_spikes[s, y] += fired
                for k in range(of_states[y], of_states[y + 1]):
                    c = cell[y] + (k - of_states[y]) * size
                    o = start + candidate[k] * size
                    node = first + candidate[k]
                    if ops[node] == CLAMP or ops[node] == WRAP:
                        before = start + args[node, 0] * size
                        for n in range(size):
                            x = regs[before + n]
                            saturations[s, y] += (x < lows[node]) + (x > highs[node])
                    low, high = ranges[k, 0], ranges[k, 1]
                    for n in range(size):
                        x = regs[o + n]
                        states[c + n] = x
                        low, high = min(low, x), max(high, x)
                    ranges[k, 0], ranges[k, 1] = low, high
                    if after[k] >= 0:
                        o = start + after[k] * size
                        node = first + after[k]
                        if ops[node] == CLAMP or ops[node] == WRAP:
                            before = start + args[node, 0] * size
                            for m in range(fired):
                                x = regs[before + row[m]]
                                saturations[s, y] += (x < lows[node]) + (x > highs[node])
                        for m in range(fired):
                            states[c + row[m]] = regs[o + row[m]]
                if keep:
                    for m in range(fired):
                        spikes[s, t, neuron[y] + row[m]] = 1
            if spiking:
                row = active[t, neuron[output] : neuron[output + 1]]
                for m in range(count[t, output]):
                    result[row[m]] += 1
                if used[s] == 0 and _decided(result, ticks - 1 - t):
                    used[s] = t + 1
        if not spiking:
            used[s] = ticks
            c = cell[output + 1] - sizes[output]  # v is a population's last state
            membranes[s] = states[c : c + sizes[output]]
