"""One block of the library, described as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream import pack_bitstream, unpack_bitstream
from sc_neurocore.bitstream._cells import MAX_CELLS
from sc_neurocore.bitstream._packed import Words
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.bitstream._source import Source
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl._library import library_source, with_parameters

#: Most streams side by side, for they are the bits of one level.
MAX_LANES = 63
#: Level of a port in every clock, or in every tick, as an unsigned bit pattern.
Levels = NDArray[np.int64]
Stimulus = Callable[[np.random.Generator, int], dict[str, Levels]]
Golden = Callable[[int, Mapping[str, Levels]], dict[str, Levels]]


@dataclass(frozen=True)
class Fault:
    """A deliberate fault of a module, which every check has to find.

    Attributes:
        before: text that occurs once in the module.
        after: what stands there instead.
        meaning: what the faulty module does, in a few words.
    """

    before: str
    after: str
    meaning: str

    def break_(self, source: str) -> str:
        """A module's text with the fault.

        Raises:
            SCConfigError: the text to be replaced does not occur exactly once.
        """
        if (found := source.count(self.before)) != 1:
            raise SCConfigError(f"{self.before!r} occurs {found} times in the module, not once")
        return source.replace(self.before, self.after)


@dataclass(frozen=True, eq=False)
class Block:
    """A module of the library with given parameters, and what it must do.

    A tick is a clock with ``enable`` high, or any clock if the block is not paced. All of a
    block's behaviour is stated in ticks: an output's level in a tick is the one before the clock
    edge that ends it.

    Attributes:
        module: name of the module, and of its file.
        parameters: Verilog constants by parameter.
        inputs: width in bits of every input but clock, reset and enable.
        outputs: width in bits of every output.
        stimulus: levels of the inputs in each of a number of ticks.
        golden: levels of the outputs in each of a number of ticks, from those of the inputs, by
            the function of `sc_neurocore.bitstream` that the module implements, or by a model
            that goes from clock to clock.
        assertions: number of assertions of its checker.
        faults: known faults.
        clocked: whether it has the port ``clk``, and a state.
        resets: whether a clocked one has the port ``rst_n``.
        paced: whether a clocked one moves only with its port ``enable``.
        restarts: whether its stimulus has, besides its inputs, a level ``restart`` that resets it.
        qualified: outputs that mean something only while another output, named here, is high;
            until then they count as zero.
        memories: text of the files that its memories are read from.
    """

    module: str
    parameters: Mapping[str, str]
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    stimulus: Stimulus
    golden: Golden
    assertions: int
    faults: tuple[Fault, ...]
    clocked: bool = True
    resets: bool = True
    paced: bool = True
    restarts: bool = False
    qualified: Mapping[str, str] = field(default_factory=dict)
    memories: Mapping[str, str] = field(default_factory=dict)

    @property
    def control(self) -> tuple[str, ...]:
        """Names of its clock, reset and enable, as far as it has them."""
        if not self.clocked:
            return ()
        return ("clk", *["rst_n"] * self.resets, *["enable"] * self.paced)

    @property
    def file(self) -> str:
        """Name of the module's file."""
        return f"{self.module}.sv"

    @property
    def name(self) -> str:
        """Module and parameters: ``sc_tanh(STATES=8)``."""
        return f"{self.module}({', '.join(f'{k}={v}' for k, v in self.parameters.items())})"

    @cached_property
    def sources(self) -> dict[str, str]:
        """Its file, with its parameters as defaults, and the files that it needs."""
        return module_sources(self.module, self.parameters, self.memories)

    def broken(self, fault: Fault) -> dict[str, str]:
        """Its files with a fault."""
        return {**self.sources, self.file: fault.break_(self.sources[self.file])}


def module_sources(
    module: str, parameters: Mapping[str, str], memories: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Files of a module of the library, by name.

    Args:
        module: its name.
        parameters: values that become its defaults.
        memories: contents of the files that it reads, by name.

    Returns:
        The module's own file first, then its memories and the modules that it instantiates.
    """
    top = with_parameters(library_source(f"{module}.sv"), parameters)
    found = {f"{module}.sv": top, **(memories or {})}
    _add_inside(top, found)
    return found


def _add_inside(source: str, found: dict[str, str]) -> None:
    """Add the files of the modules that a module instantiates."""
    for module in sorted(set(re.findall(r"^ +(sc_\w+) (?:#\(|\w+ \()", source, re.MULTILINE))):
        if (file := f"{module}.sv") not in found:
            found[file] = library_source(file)
            _add_inside(found[file], found)


def packed(bits: Levels) -> Words:
    """A stream of zeros and ones as words."""
    return pack_bitstream(bits.astype(np.uint8))


def unpacked(words: Words, ticks: int) -> Levels:
    """Words as a stream of zeros and ones."""
    return unpack_bitstream(words, ticks).astype(np.int64)


def constant(width: int, value: int) -> str:
    """A Verilog constant."""
    return f"{width}'h{value:0{-(-width // 4)}x}"


#: An integer parameter: its value, and the least and largest that it may have.
Ranged = tuple[int, int, int | None]


def whole(**parameters: Ranged) -> dict[str, str]:
    """Integer parameters as Verilog constants.

    Raises:
        SCConfigError: one is out of its range.
    """
    return {name: str(require_whole(name, *ranged)) for name, ranged in parameters.items()}


def cells(depth: int, source: Source) -> dict[str, str]:
    """The parameter ``DEPTH`` of a module with so many cells, which a source addresses.

    Raises:
        SCConfigError: it is no power of two, or more than the source can address.
    """
    parameters = whole(DEPTH=(depth, 2, min(MAX_CELLS, 1 << source.width)))
    if depth & (depth - 1):
        raise SCConfigError(f"DEPTH is {depth}; it must be a power of two")
    return parameters
