"""A generated module and how to talk to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SharedProduct:
    """One use of the shared multiplier: two factors as Verilog, and where the product goes.

    Attributes:
        first: the wider factor, steady from step ``start`` on.
        second: the narrower factor.
        register: where the product is captured.
        width: bits of that register.
        start: step in which the factors are loaded.
        done: step at whose end the product is captured.
        limits: smallest and largest value of each factor.
    """

    first: str
    second: str
    register: str
    width: int
    start: int
    done: int
    limits: tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Internals:
    """What proofs may say about the inside of a generated module, as Verilog expressions.

    The values of the datapath hold in the clock that ends a tick.

    Attributes:
        step: register that counts the clocks of a tick, ``None`` for a single clock.
        refractory: refractory counter, if any.
        was_above: register of the threshold condition of the tick before, if any.
        candidate: per state, the value it takes unless a spike resets it.
        after_reset: per state that a spike resets, the value it then takes.
        condition: the threshold condition, if any.
        settled: expression, register and step: the register equals the expression after the step.
        bounds: signal, least and largest value, and step: it is within them after the step.
        products: uses of the shared multiplier.
        factor_widths: widths of its operands ``factor_a`` and ``factor_b``, loaded by ``multiply``.
    """

    step: str | None
    refractory: str | None
    was_above: str | None
    candidate: Mapping[str, str]
    after_reset: Mapping[str, str]
    condition: str | None
    settled: tuple[tuple[str, str, int], ...]
    bounds: tuple[tuple[str, int, int, int], ...]
    products: tuple[SharedProduct, ...]
    factor_widths: tuple[int, int]


@dataclass(frozen=True)
class Rtl:
    """A generated module and how to talk to it.

    Attributes:
        module: top module name.
        source: its text.
        library: hand-written modules it instantiates, file name to text.
        inputs: model name of each input, parameter and draw to its port.
        bank: address of each parameter in the register bank; empty without one.
        bank_width: bits of the bank's data port.
        banked: register of each parameter in the bank.
        outputs: model name of each state to its port.
        registers: model name of each state to its register (for proofs).
        renamed: model names whose identifier differs, to that identifier.
        feeds: signal to the states whose next value depends on it, for tracing timing paths.
        cycles: clocks from ``enable`` to ``valid``.
        trap: whether there is a ``trap_out`` port.
        internals: what proofs may say about its inside.
    """

    module: str
    source: str
    library: Mapping[str, str]
    inputs: Mapping[str, str]
    bank: Mapping[str, int]
    bank_width: int
    banked: Mapping[str, str]
    outputs: Mapping[str, str]
    registers: Mapping[str, str]
    renamed: Mapping[str, str]
    feeds: Mapping[str, tuple[str, ...]]
    cycles: int
    trap: bool
    internals: Internals

    @property
    def sources(self) -> dict[str, str]:
        """All files needed to elaborate the module."""
        return {f"{self.module}.sv": self.source, **self.library}
