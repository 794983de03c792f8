"""The loops of the codecs; imported when first used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sc_neurocore._jit import jit_in

jit = jit_in(__file__)

Octets = NDArray[np.uint8]
Indices = NDArray[np.int64]

#: Bits of a Huffman code that are looked up at once.
_PEEK = 12


@jit
def leb128_encode(values: Indices) -> Octets:
    size = 0
    for value in values:
        size += 1
        while value >= 128:
            value >>= 7
            size += 1
    out, at = np.empty(size, np.uint8), 0
    for value in values:
        while value >= 128:
            out[at] = np.uint8(value & 127 | 128)
            value >>= 7
            at += 1
        out[at] = np.uint8(value)
        at += 1
    return out


@jit
def leb128_decode(data: Octets, count: int) -> tuple[Indices, int]:
    """Numbers and bytes used; -1 bytes if one does not end or has more than 63 bits."""
    values, at = np.zeros(count, np.int64), 0
    for i in range(count):
        value, shift = np.int64(0), 0
        while True:
            if at == len(data) or shift > 56:
                return values, -1
            octet = np.int64(data[at])
            at += 1
            value |= (octet & 127) << shift
            if octet < 128:
                break
            shift += 7
        values[i] = value
    return values, at


@jit
def code_lengths(counts: Indices, order: Indices) -> Indices:
    """Huffman's code lengths; ``order`` is of rising counts.

    Merged nodes come in rising order themselves, so both queues are lists.
    """
    leaves = len(counts)
    weight, parent = np.zeros(2 * leaves - 1, np.int64), np.zeros(2 * leaves - 1, np.int64)
    weight[:leaves] = counts
    leaf, merged = 0, leaves
    for node in range(leaves, 2 * leaves - 1):
        for _ in range(2):
            if merged == node or (leaf < leaves and weight[order[leaf]] <= weight[merged]):
                least, leaf = order[leaf], leaf + 1
            else:
                least, merged = merged, merged + 1
            weight[node] += weight[least]
            parent[least] = node
    depth = np.zeros(2 * leaves - 1, np.int64)
    for node in range(2 * leaves - 3, -1, -1):
        depth[node] = depth[parent[node]] + 1
    return depth[:leaves]


@jit
def write_codes(codes: Indices, lengths: Indices, index: Indices) -> Octets:
    """Codes of the symbols ``index``, first bit highest."""
    bits = 0
    for i in index:
        bits += lengths[i]
    out = np.zeros((bits + 7) >> 3, np.uint8)
    at = have = waiting = 0
    for i in index:
        waiting = waiting << lengths[i] | codes[i]
        have += lengths[i]
        while have >= 8:
            have -= 8
            out[at] = np.uint8(waiting >> have & 255)
            at += 1
    if have:
        out[at] = np.uint8(waiting << (8 - have) & 255)
    return out


@jit
def read_codes(
    data: Octets, symbols: Indices, per_length: Indices, count: int
) -> tuple[Indices, int]:
    """Symbols and bits used; -1 bits if the data end too soon. ``symbols`` in order of code.

    Short codes are looked up, with all bits that may follow them; longer ones are read by bits.
    """
    table = np.zeros(1 << _PEEK, np.int64)
    code = index = np.int64(0)
    for length in range(1, _PEEK + 1):
        for _ in range(per_length[length]):
            first = code << (_PEEK - length)
            table[first : first + (1 << (_PEEK - length))] = index << 6 | length
            code += 1
            index += 1
        code <<= 1
    out, at, end = np.empty(count, np.int64), 0, 8 * len(data)
    for i in range(count):
        if at + 24 <= end:
            k = at >> 3
            three = np.int64(data[k]) << 16 | np.int64(data[k + 1]) << 8 | np.int64(data[k + 2])
            found = table[three >> (24 - _PEEK - (at & 7)) & ((1 << _PEEK) - 1)]
            if found:
                out[i] = symbols[found >> 6]
                at += found & 63
                continue
        code, first, index, length = np.int64(0), np.int64(0), np.int64(0), 0
        while True:
            length += 1
            if at == end or length >= len(per_length):
                return out, -1
            code = code << 1 | (np.int64(data[at >> 3]) >> (7 - (at & 7))) & 1
            at += 1
            first <<= 1
            here = per_length[length]
            if code - first < here:
                out[i] = symbols[index + code - first]
                break
            first += here
            index += here
    return out, at


@jit
def places(octets: Octets, count: int) -> Indices:
    """Where ``count`` bits are 1, the first bit of an octet highest."""
    out, k = np.empty(count + 1, np.int64), np.int64(0)
    for at in range(len(octets)):
        octet = np.int64(octets[at])
        if octet:
            for bit in range(8):
                out[k] = 8 * at + bit  # kept if the bit is 1
                k += octet >> (7 - bit) & 1
    return out[:count]


@jit
def intervals(spikes: Indices, neurons: int) -> Indices:
    """Spikes of every neuron, then the ticks before and between them, neuron by neuron.

    ``spikes`` are rising places in a raster of ``neurons`` columns.
    """
    values = np.zeros(neurons + len(spikes), np.int64)
    row = 0
    for at in spikes:
        while at >= row + neurons:
            row += neurons
        values[at - row] += 1
    place, last = np.empty(neurons, np.int64), np.full(neurons, -1)
    total = neurons
    for n in range(neurons):
        place[n] = total
        total += values[n]
    row = tick = 0
    for at in spikes:
        while at >= row + neurons:
            row += neurons
            tick += 1
        n = at - row
        values[place[n]] = tick - last[n] - 1
        place[n] += 1
        last[n] = tick
    return values


@jit
def place_intervals(values: Indices, raster: Octets) -> int:
    """The way back; 1 if the counts do not fit the number of values, 2 if a tick does not exist."""
    ticks, neurons = raster.shape
    at = neurons
    for n in range(neurons):
        if values[n] > len(values) - at:
            return 1
        tick = -1
        for gap in values[at : at + values[n]]:
            if gap > ticks - tick - 2:
                return 2
            tick += gap + 1
            raster[tick, n] = 1
        at += values[n]
    return 0 if at == len(values) else 1


@jit
def difference(raster: Octets, group_size: int) -> None:
    """Exclusive or of each channel with its group's first, in place."""
    ticks, neurons = raster.shape
    for t in range(ticks):
        for first in range(0, neurons, group_size):
            if raster[t, first]:
                for n in range(first + 1, min(first + group_size, neurons)):
                    raster[t, n] ^= 1


@jit
def put(number: int, size: int, out: Octets, at: int) -> int:
    """Write a number, lowest byte first; the place behind it."""
    for k in range(size):
        out[at + k] = np.uint8(number >> 8 * k & 255)
    return at + size


@jit
def get(data: Octets, at: int, size: int) -> np.int64:
    """Read what `put` wrote."""
    number = np.int64(0)
    for k in range(size):
        number |= np.int64(data[at + k]) << 8 * k
    return number


@jit
def write_events(spikes: Indices, neurons: int, time: int, address: int) -> Octets:
    """Times and addresses of ``time`` and ``address`` bytes; ``spikes`` as in `intervals`."""
    most = (np.int64(1) << 8 * time) - 1
    size, before = len(spikes) * (time + address), 0
    for at in spikes:
        size += (at // neurons - before) // most * time
        before = at // neurons
    out, k, row, waited = np.full(size, 255, np.uint8), 0, 0, 0
    for at in spikes:
        while at >= row + neurons:
            row += neurons
            waited += 1
            if waited == most:
                k += time
                waited = 0
        k = put(at - row, address, out, put(waited, time, out, k))
        waited = 0
    return out


@jit
def read_events(data: Octets, time: int, address: int, count: int, raster: Octets) -> int:
    """Fill in every event; bytes used, negative where it went wrong."""
    ticks, neurons = raster.shape
    most = (np.int64(1) << 8 * time) - 1
    now, at = np.int64(0), 0
    for _ in range(count):
        while True:
            if at + time > len(data):
                return -at - 1
            delta = get(data, at, time)
            at += time
            now += delta
            if delta != most:
                break
        if at + address > len(data):
            return -at - 1
        who = get(data, at, address)
        at += address
        if now >= ticks or who >= neurons:
            return -at - 1
        raster[now, who] = 1
    return at


def _crc_table() -> NDArray[np.uint32]:
    table = np.arange(256, dtype=np.int64)
    for _ in range(8):
        table = table >> 1 ^ (table & 1) * 0xEDB88320
    return table.astype(np.uint32)


_CRC = _crc_table()


@jit
def crc32(data: Octets) -> np.int64:
    """As `zlib.crc32`."""
    crc = np.uint32(0xFFFFFFFF)
    for octet in data:
        crc = np.uint32(_CRC[(crc ^ octet) & 255] ^ crc >> np.uint32(8))
    return np.int64(crc ^ np.uint32(0xFFFFFFFF))


@jit
def write_frames(raster: Octets, window: int, starts: Indices) -> Octets:
    """A frame for every ``window`` ticks; ``starts`` gets where each begins."""
    ticks, neurons = raster.shape
    flags, most = (neurons + 7) >> 3, (min(window, ticks) + 7) >> 3
    out = np.zeros(len(starts) * (8 + flags + neurons * most), np.uint8)
    masks, at = np.empty((most, neurons), np.uint8), 0
    for frame in range(len(starts)):
        first = frame * window
        width = min(window, ticks - first)
        masks[:] = 0
        for t in range(width):
            for n in range(neurons):
                masks[t >> 3, n] |= np.uint8(-raster[first + t, n] & 1 << (t & 7))
        starts[frame] = at
        silent = put(width, 2, out, put(neurons, 2, out, at))
        end, size = silent + flags, (width + 7) >> 3
        for n in range(neurons):
            some = np.uint8(0)
            for k in range(size):
                some |= masks[k, n]
            if some:
                for k in range(size):
                    out[end + k] = masks[k, n]
                end += size
            else:
                out[silent + (n >> 3)] |= np.uint8(1 << (n & 7))
        at = put(crc32(out[at:end]), 4, out, end)
    return out[:at]


@jit
def read_frames(data: Octets, window: int, raster: Octets) -> tuple[int, int]:
    """Fill in every frame; bytes read, and 0 or what is wrong with the frame there.

    1: it is cut off; 2: it has another size; 3: its check is another; 4: a spike lies outside.
    """
    ticks, neurons = raster.shape
    flags, at = (neurons + 7) >> 3, 0
    masks = np.empty(((min(window, ticks) + 7) >> 3, neurons), np.uint8)
    for first in range(0, ticks, window):
        width = min(window, ticks - first)
        size = (width + 7) >> 3
        if at + 4 + flags > len(data):
            return at, 1
        if get(data, at, 2) != neurons or get(data, at + 2, 2) != width:
            return at, 2
        mask = end = at + 4 + flags
        for n in range(neurons):
            if not data[at + 4 + (n >> 3)] >> (n & 7) & 1:
                end += size
        if end + 4 > len(data):
            return at, 1
        if crc32(data[at:end]) != get(data, end, 4):
            return at, 3
        for n in range(neurons):
            silent = data[at + 4 + (n >> 3)] >> (n & 7) & 1
            for k in range(size):
                masks[k, n] = 0 if silent else data[mask + k]
            if masks[size - 1, n] >> (width - 8 * (size - 1)):
                return at, 4
            mask += 0 if silent else size
        for t in range(width):
            for n in range(neurons):
                raster[first + t, n] = masks[t >> 3, n] >> (t & 7) & 1
        at = end + 4
    return at, 0
