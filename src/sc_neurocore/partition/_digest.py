"""A running digest of a population's spikes, so that two runs can be compared by 64 digits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from sc_neurocore.nir_bridge import SCNetwork
from sc_neurocore.partition._inputs import Inputs, series_of
from sc_neurocore.partition._packet import Addresses

#: Before the first tick.
START = bytes(32)


def chain(digest: bytes, tick: int, addresses: Addresses) -> bytes:
    """The digest after a tick: SHA-256 of the one before, the tick and the addresses.

    Args:
        digest: before, `START` at first.
        tick: its number, 64 bits, big endian.
        addresses: of the neurons that spiked, in order, 32 bits each, big endian.
    """
    spikes = addresses.astype(">u4").tobytes()
    return hashlib.sha256(digest + tick.to_bytes(8, "big") + spikes).digest()


def spike_digests(network: SCNetwork, inputs: Inputs, ticks: int) -> tuple[dict[str, str], int]:
    """What `run_program` gives as digests, of a network in one piece.

    Args:
        network: it is reset.
        inputs: as for `run_program`.
        ticks: of a sample.

    Returns:
        The digest of every population, hexadecimal, and the number of spikes.
    """
    series, samples = series_of(network.flat, inputs, ticks)
    digests: dict[str, bytes] = {}
    count = 0
    for tick in range((samples or 1) * ticks):
        sample, local = divmod(tick, ticks)
        if local == 0:
            network.reset()
        network.step({name: values.at(sample, local) for name, values in series.items()})
        for name, spikes in network.spikes.items():
            addresses = np.flatnonzero(spikes).astype(np.uint32)
            count += len(addresses)
            digests[name] = chain(digests.get(name, START), tick, addresses)
    return hexadecimal(digests), count


def hexadecimal(digests: Mapping[str, bytes]) -> dict[str, str]:
    """Digests as text, by name in order."""
    return {name: digests[name].hex() for name in sorted(digests)}
