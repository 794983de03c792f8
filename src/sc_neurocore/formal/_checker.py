"""What a checker is made of: registers that watch a module, and claims about it."""

from __future__ import annotations

from sc_neurocore.compiler import Datapath, Port, Rtl
from sc_neurocore.formal._property import Property


class Checker:
    """Registers, claims and notes, collected for one generated module."""

    def __init__(self, datapath: Datapath, rtl: Rtl) -> None:
        self.d, self.rtl, self.inner = datapath, rtl, rtl.internals
        self.ticks = datapath.model.refractory_ticks if rtl.internals.refractory else 0
        self.rising = rtl.internals.was_above is not None
        self.last = rtl.cycles - 1
        self.step_width = max(1, self.last.bit_length())
        self.prefix = "formal_"
        while self.prefix in rtl.source:
            self.prefix += "x_"
        self.declared: list[str] = []
        self.clocked: list[str] = []
        self.claims: list[tuple[Property, str]] = []
        self.notes: list[str] = []

    def name(self, stem: str) -> str:
        """A name that the module does not use."""
        return self.prefix + stem

    def register(self, stem: str, following: str, width: int, signed: bool = False) -> None:
        """Declare a register and what it takes at every clock."""
        kind = ("signed " if signed else "") + (f"[{width - 1}:0] " if width > 1 else "")
        self.declared.append(f"    reg {kind}{self.name(stem)};")
        self.clocked.append(f"{self.name(stem)} <= {following};")

    def sample(self, stem: str, text: str, width: int = 1, signed: bool = False) -> str:
        """Name of a register that holds a signal's value of one clock before."""
        self.register(stem, text, width, signed)
        return self.name(stem)

    def port_sample(self, stem: str, text: str, port: Port) -> str:
        """Name of a register that holds a state's or an input's value of one clock before."""
        return self.sample(stem, text, port.width, port.format.signed)

    def claim(self, name: str, meaning: str, text: str, *, helper: bool = False) -> None:
        """Claim something from the first reset on."""
        self.claims.append((Property(name, meaning, helper), f"!{self.name('live')} || ({text})"))

    def after(self, step: int) -> str:
        """That the tick is past a step."""
        return f"{self.name('clock')} > {self.step_width}'d{step}"
