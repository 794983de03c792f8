"""What a device was asked and what it answered, as one file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore.digital_twin._answers import Answers, Integers
from sc_neurocore.digital_twin._checkpoint import Checkpoint, require_count, require_digest
from sc_neurocore.evidence import (
    JSON,
    atomic_write,
    canonical_json,
    decode_json,
    digest,
    read_bytes,
)
from sc_neurocore.exceptions import SCConfigError

_KIND, _SCHEMA = "sc-neurocore recording", 1
_KEYS = frozenset(
    ("design", "generation", "kind", "layers", "parameters", "samples", "schema", "sha256", "swaps")
)
#: Bytes of the longest first line.
_LONGEST_HEADER = 1 << 20
_LARGEST_SAMPLE, _MOST_LAYERS = 1 << 24, 1 << 12


@dataclass(frozen=True)
class Swap:
    """A change of parameters.

    Attributes:
        position: index of the first inference that ran with the new parameters, from ``tick`` on.
        tick: its first tick with the new parameters; 0 if all of it ran with them.
        generation: of the new parameters.
        parameters: their `bank_digest`.
    """

    position: int
    tick: int
    generation: int
    parameters: str

    def __post_init__(self) -> None:
        for name in ("position", "tick", "generation"):
            require_count(name, getattr(self, name), "a swap")
        require_digest("parameters", self.parameters, "a swap")


@dataclass(frozen=True, eq=False)
class Recording:
    """A run of a device.

    Attributes:
        design: first 128 bits of the design digest, as `Identity.digest`.
        generation: of the parameters at the start.
        parameters: their `bank_digest`.
        samples: levels (S, M), or spikes (S, T, M), as `encode_levels` gives them.
        answers: of the device, one per sample.
        swaps: changes of parameters, by position; at most one in an inference.
    """

    design: str
    generation: int
    parameters: str
    samples: Integers
    answers: Answers
    swaps: tuple[Swap, ...] = ()

    def __post_init__(self) -> None:
        require_digest("design", self.design, "a recording")
        require_digest("parameters", self.parameters, "a recording")
        require_count("generation", self.generation, "a recording")
        if self.samples.ndim not in (2, 3) or len(self.samples) != len(self.answers):
            raise SCConfigError(
                f"a recording has samples of shape {self.samples.shape} and {len(self.answers)} "
                "answers; it needs (S, M) or (S, T, M), and S answers"
            )
        if self.samples.size and not 0 <= self.samples.min() <= self.samples.max() < 1 << 16:
            raise SCConfigError("a sample of the recording lies outside the 16 bits of a level")
        positions = [swap.position for swap in self.swaps]
        if positions != sorted(set(positions)) or (
            positions and positions[-1] >= max(len(self.answers), 1)
        ):
            raise SCConfigError(
                f"the swaps of a recording stand at {positions}; positions must rise and lie below "
                f"{len(self.answers)}"
            )

    def __len__(self) -> int:
        """S."""
        return len(self.answers)

    def checkpoint(self, position: int) -> Checkpoint:
        """The state after ``position`` inferences.

        Raises:
            SCConfigError: the recording is shorter.
        """
        return self.checkpoints((position,))[0]

    def checkpoints(self, positions: tuple[int, ...]) -> tuple[Checkpoint, ...]:
        """The states after so many inferences each.

        Raises:
            SCConfigError: the recording is shorter.
        """
        digests = self.answers.digests()
        found = []
        for position in positions:
            if not 0 <= position < len(digests):
                raise SCConfigError(
                    f"there is no position {position} in a recording of {len(self)} inferences"
                )
            generation, parameters = self.generation, self.parameters
            for swap in self.swaps:
                if swap.position < position:
                    generation, parameters = swap.generation, swap.parameters
            found.append(
                Checkpoint(self.design, generation, parameters, position, digests[position])
            )
        return tuple(found)

    def to_bytes(self) -> bytes:
        """The one form of a recording in bytes: a line of canonical JSON, then the arrays.

        The arrays follow each other little-endian: samples (u16), then predictions, clocks,
        generations and spikes of the layers (u32).
        """
        x = self.answers
        columns = (x.predictions, x.clocks, x.generations, x.layer_spikes)
        body = self.samples.astype("<u2").tobytes()
        body += b"".join(column.astype("<u4").tobytes() for column in columns)
        header: JSON = {
            "kind": _KIND,
            "schema": _SCHEMA,
            "design": self.design,
            "generation": self.generation,
            "parameters": self.parameters,
            "samples": list(self.samples.shape),
            "layers": x.layers,
            "swaps": [asdict(swap) for swap in self.swaps],
            "sha256": digest(body),
        }
        return canonical_json(header).encode() + b"\n" + body

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the recording") -> Recording:
        """Read what `to_bytes` wrote.

        Args:
            data: the bytes.
            name: what they are called in messages.

        Raises:
            SCConfigError: these bytes are no recording, damaged, or not in the one form.
        """
        end = data.find(b"\n", 0, _LONGEST_HEADER)
        if end < 0:
            raise SCConfigError(f"{name} has no first line of JSON, so it is no recording")
        header = decode_json(data[:end], f"the first line of {name}")
        shape, layers = _checked(header, name)
        body = data[end + 1 :]
        number = shape[0]
        wanted = 2 * math.prod(shape) + 4 * number * (3 + layers)
        if len(body) != wanted:
            raise SCConfigError(
                f"{name} holds {len(body)} bytes of arrays; its first line announces {wanted}"
            )
        if digest(body) != header["sha256"]:
            raise SCConfigError(f"the arrays of {name} do not match their digest; it is damaged")
        cut = 2 * math.prod(shape)
        table = np.frombuffer(body[cut:], "<u4").astype(np.int64)
        one, two, three = (table[number * k : number * (k + 1)] for k in range(3))
        rest = table[3 * number :].reshape(number, layers)
        found = cls(
            header["design"],
            header["generation"],
            header["parameters"],
            np.frombuffer(body[:cut], "<u2").astype(np.int64).reshape(shape),
            Answers(one, two, three, rest),
            tuple(Swap(**swap) for swap in header["swaps"]),
        )
        if found.to_bytes() != data:
            raise SCConfigError(f"the first line of {name} is not canonical JSON; it was edited")
        return found


def _checked(header: Any, name: str) -> tuple[tuple[int, ...], int]:
    """Shape of the samples and number of layers that a header announces."""
    if not isinstance(header, Mapping) or header.get("kind") != _KIND:
        raise SCConfigError(f"{name} is no recording of a device")
    if header.get("schema") != _SCHEMA:
        raise SCConfigError(
            f"{name} has schema {header.get('schema')!r}; this version reads {_SCHEMA}"
        )
    if set(header) != _KEYS:
        wrong = sorted(set(header) ^ _KEYS)
        raise SCConfigError(f"the first line of {name} misses or adds '{wrong[0]}'")
    shape, layers, swaps = header["samples"], header["layers"], header["swaps"]
    if not isinstance(shape, list) or len(shape) not in (2, 3):
        raise SCConfigError(f"samples in {name} is {shape!r}; it must be [S, M] or [S, T, M]")
    for value in (*shape, layers):
        require_count("a size", value, name)
    if math.prod(shape[1:]) > _LARGEST_SAMPLE or layers > _MOST_LAYERS:
        raise SCConfigError(
            f"{name} announces samples of {math.prod(shape[1:])} numbers and {layers} layers; the "
            f"most are {_LARGEST_SAMPLE} and {_MOST_LAYERS}"
        )
    keys = {"position", "tick", "generation", "parameters"}
    if not isinstance(swaps, list) or any(not isinstance(x, dict) or set(x) != keys for x in swaps):
        raise SCConfigError(f"swaps in {name} must be a list of {', '.join(sorted(keys))}")
    return tuple(shape), layers


def write_recording(path: Path | str, recording: Recording) -> None:
    """Write a recording as one file, or leave what was there.

    Raises:
        SCConfigError: it cannot be written.
    """
    try:
        atomic_write(Path(path), recording.to_bytes())
    except OSError as error:
        raise SCConfigError(f"{path} cannot be written: {error.strerror}") from None


def read_recording(path: Path | str) -> Recording:
    """Read a recording.

    Raises:
        SCConfigError: there is no such file, or it is none.
    """
    return Recording.from_bytes(read_bytes(path), str(path))
