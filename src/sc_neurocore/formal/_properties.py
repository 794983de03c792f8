"""What is claimed of a generated neuron for all time, as assertions inside its own module.

The assertions are injected before ``endmodule``, because some front ends drop ``bind`` checkers
and hierarchical references in silence. They watch the module with registers of their own: what
its signals were one clock before, where in a tick it should be, how long it must stay refractory.
Nothing is assumed but one clock with a low reset: until the first reset nothing is claimed, after
it everything, for every input and for every later reset.
"""

from __future__ import annotations

from sc_neurocore.compiler import Datapath, Port, Rtl
from sc_neurocore.formal._checker import Checker
from sc_neurocore.formal._contract import multiplier_contract
from sc_neurocore.formal._integers import after_spike, condition, number, wide
from sc_neurocore.formal._property import PropertySet


def properties(datapath: Datapath, rtl: Rtl) -> PropertySet:
    """State what the model's semantics demand of its hardware.

    Args:
        datapath: the lowered model.
        rtl: the module written from it.
    """
    return _Neuron(datapath, rtl).build()


class _Neuron(Checker):
    """Every claim about a neuron."""

    def build(self) -> PropertySet:
        self.time()
        self.refractory()
        self.states()
        self.decision()
        self.after_reset()
        self.overflow()
        self.datapath_settles()
        contract = multiplier_contract(self)
        lines = [
            "`ifdef FORMAL",
            "    // Checker. `live`: a reset was seen; `was_reset`, `ended`: the last edge reset",
            "    // the module, ended a tick; `was_…`: a value of one clock before.",
            f"    reg {self.name('live')} = 1'b0;",
            *self.declared,
            "    always @(posedge clk) begin",
            f"        if (!rst_n) {self.name('live')} <= 1'b1;",
            *(f"        {x}" for x in self.clocked),
            "    end",
            "    always @* begin",
            *contract,
            *(
                f"        {self.name('claim_')}{p.name}: assert ({text});"
                for p, text in self.claims
            ),
            "    end",
            "`endif",
        ]
        return PropertySet(
            tuple(p for p, _ in self.claims),
            "\n".join(lines),
            self.name("claim_"),
            tuple(self.notes),
            self.inner.factor_widths if contract else None,
        )

    def time(self) -> None:
        """When a tick starts and ends."""
        self.was_reset = self.sample("was_reset", "!rst_n")
        if self.inner.step is None:
            commit = "enable"
        else:
            width, last = self.step_width, self.last
            count = self.name("clock")
            zero, one = f"{width}'d0", f"{width}'d1"
            commit = f"({count} == {width}'d{last})"
            self.register(
                "clock",
                f"(!rst_n || {commit}) ? {zero} : ({count} != {zero}) ? {count} + {one} "
                f": {width}'(enable)",
                width,
            )
            self.claim(
                "busy_during_tick",
                "busy is high exactly while a tick runs",
                f"busy == ({count} != {zero})",
            )
            self.claim(
                "clock_count",
                "the module counts the clocks of a tick from its start",
                f"{self.inner.step} == {count} && {count} <= {width}'d{last}",
                helper=True,
            )
        self.commit = self.name("commit")
        self.declared.append(f"    wire {self.commit} = {commit};")
        self.ended = self.sample("ended", f"rst_n && {self.commit}")
        clocks = "one clock" if self.rtl.cycles == 1 else f"{self.rtl.cycles} clocks"
        self.claim(
            "valid_when_tick_ends",
            f"valid is high for one clock, {clocks} after a tick was started, and never else",
            f"valid == {self.ended}",
        )

    def refractory(self) -> None:
        """How many refractory ticks are left, told from valid and spike_out alone."""
        if not self.ticks:
            return
        width = self.ticks.bit_length()
        left, stored = self.name("left"), self.name("left_before")
        self.declared.append(
            f"    reg [{width - 1}:0] {stored};" if width > 1 else f"    reg {stored};"
        )
        vector = f"[{width - 1}:0] " if width > 1 else ""
        load, one, zero = f"{width}'d{self.ticks}", f"{width}'d1", f"{width}'d0"
        self.declared.append(
            f"    wire {vector}{left} = !{self.ended} ? {stored} : spike_out ? {load} "
            f": ({stored} == {zero}) ? {zero} : {stored} - {one};"
        )
        self.clocked.append(f"{stored} <= rst_n ? {left} : {zero};")
        self.was_left = self.sample("was_left", left, width)
        counter = self.inner.refractory
        self.claim(
            "refractory_bound",
            f"the refractory counter never exceeds {self.ticks} ticks",
            f"{counter} <= {load}",
        )
        self.claim(
            "refractory_gap",
            f"at least {self.ticks} ticks pass between two spikes",
            f"!({self.ended} && spike_out) || {self.was_left} == {zero}",
        )
        self.claim(
            "refractory_count",
            "the refractory counter is loaded by a spike and counts down once per tick",
            f"{counter} == {left}",
            helper=True,
        )

    def held_now(self, port: Port) -> str | None:
        """Condition under which the last tick had to keep a state, if there is one."""
        if not self.ticks or port.name not in self.d.model.hold:
            return None
        return f"({self.was_left} != 0)"

    def states(self) -> None:
        self.candidate: dict[str, str] = {}
        exact = {}
        for k, port in enumerate(self.d.states):
            value = self.rtl.registers[port.name]
            low, high = number(port.low), number(port.high)
            self.claim(
                f"range_{k}",
                f"{port.name} stays within [{port.low}, {port.high}] (raw)",
                f"{wide(value, port)} >= {low} && {wide(value, port)} <= {high}",
            )
            self.claim(
                f"output_{k}",
                f"the output port shows {port.name}",
                f"{self.rtl.outputs[port.name]} == {value}",
            )
            before = self.port_sample(f"was_{k}", value, port)
            self.claim(
                f"stable_{k}",
                f"{port.name} changes only where a tick ends or at reset",
                f"{self.was_reset} || {self.ended} || {value} == {before}",
            )
            held = self.held_now(port)
            if held:
                self.claim(
                    f"held_{k}",
                    f"{port.name} keeps its value in refractory ticks",
                    f"!({self.ended} && {held}) || {value} == {before}",
                )
            self.candidate[port.name] = self.port_sample(
                f"candidate_{k}", self.inner.candidate[port.name], port
            )
        exact = after_spike(self.d, self.candidate)
        for k, port in enumerate(self.d.states):
            self.tick_end(k, port, exact.get(port.name))
        before = self.sample("was_spike", "spike_out")
        self.claim(
            "stable_spike_out",
            "spike_out changes only where a tick ends or at reset",
            f"{self.was_reset} || {self.ended} || spike_out == {before}",
        )

    def tick_end(self, k: int, port: Port, exact: str | None) -> None:
        """What a state is after a tick, with and without a spike."""
        value = self.rtl.registers[port.name]
        held = self.held_now(port)
        free = f"{self.ended} && !{held}" if held else self.ended
        if k not in self.d.after_reset:
            self.claim(
                f"advance_{k}",
                f"a tick stores the value computed for {port.name}",
                f"!({free}) || {value} == {self.candidate[port.name]}",
            )
            return
        self.claim(
            f"advance_{k}",
            f"a tick without a spike stores the value computed for {port.name}",
            f"!({free} && !spike_out) || {value} == {self.candidate[port.name]}",
        )
        node = self.d.nodes[self.d.after_reset[k]]
        if node.op == "const":
            meaning, text = f"a spike sets {port.name} to {node.value} (raw)", number(node.value)
        elif exact is not None:
            meaning, text = f"a spike sets {port.name} as its reset says, exactly", exact
        else:
            text = wide(
                self.port_sample(f"reset_{k}", self.inner.after_reset[port.name], port), port
            )
            meaning = f"a spike stores the reset value that the datapath computed for {port.name}"
            self.notes.append(
                f"the reset of {port.name} is not an integer sum; "
                "its arithmetic is left to co-simulation"
            )
        self.claim(
            f"after_spike_{k}",
            meaning,
            f"!({self.ended} && spike_out) || {wide(value, port)} == {text}",
        )

    def decision(self) -> None:
        """Spike if and only if the threshold condition holds where it may."""
        if self.inner.condition is None:
            self.claim("no_spike", "a model without threshold never spikes", "!spike_out")
            return
        observed = dict(self.inner.candidate)
        if self.rising and self.ticks:
            for port in self.d.states:
                if port.name in self.d.model.hold:
                    value = self.rtl.registers[port.name]
                    observed[port.name] = (
                        f"(({self.name('left')} != 0) ? {value} : {observed[port.name]})"
                    )
        guard = 8 if self.d.uses_dither else 3
        now = condition(self.d, observed, guard)
        what = "the threshold holds on the values computed"
        if now is None:
            now, what = self.inner.condition, "the datapath's threshold condition holds"
            self.notes.append(
                "the threshold is not an integer comparison of states; its arithmetic is left to "
                "co-simulation"
            )
        above = self.sample("above", now)
        gates = [above]
        if self.ticks:
            gates.append(f"{self.was_left} == 0")
            what += ", outside refractoriness"
        if self.rising:
            memory = self.name("memory")
            self.register("memory", f"!rst_n ? 1'b0 : {self.commit} ? {now} : {memory}", 1)
            gates.append(f"!{self.sample('was_memory', memory)}")
            what += ", and did not at the tick before"
            self.claim(
                "edge_memory",
                "the condition of the last tick is remembered",
                f"{self.inner.was_above} == {memory}",
                helper=True,
            )
        self.claim(
            "spike_iff_threshold",
            f"a tick ends in a spike exactly if {what}",
            f"!{self.ended} || spike_out == ({' && '.join(gates)})",
        )
        stored = {p.name: self.rtl.registers[p.name] for p in self.d.states}
        after = condition(self.d, stored, guard)
        if after is not None:
            # A held state stores what it was, so the condition speaks of stored values then, too.
            gates = [after, *(g for g in gates if g != above)]
            self.claim(
                "silent_below_threshold",
                "after a tick without a spike the stored states do not satisfy the threshold"
                + (", unless something forbade the spike" if len(gates) > 1 else ""),
                f"!({self.ended} && !spike_out) || !({' && '.join(gates)})",
            )

    def after_reset(self) -> None:
        def at_reset(name: str, meaning: str, text: str) -> None:
            self.claim(name, meaning, f"!{self.was_reset} || ({text})")

        for k, (port, raw) in enumerate(zip(self.d.states, self.d.init, strict=True)):
            at_reset(
                f"reset_{k}",
                f"reset sets {port.name} to {raw} (raw)",
                f"{wide(self.rtl.registers[port.name], port)} == {number(raw)}",
            )
        at_reset("reset_outputs", "reset clears valid and spike_out", "!valid && !spike_out")
        if self.inner.refractory:
            at_reset(
                "reset_refractory", "reset ends refractoriness", f"{self.inner.refractory} == 0"
            )

    def overflow(self) -> None:
        if not self.rtl.trap:
            return
        before = self.sample("was_trap", "trap_out")
        self.claim(
            "trap_sticky",
            "an overflow stays flagged until reset",
            f"{self.was_reset} || !{before} || trap_out",
        )
        self.claim(
            "trap_at_tick_end",
            "an overflow is flagged only where a tick ends",
            f"{self.was_reset} || {self.ended} || trap_out == {before}",
        )
        self.claim(
            "reset_trap", "reset clears the overflow flag", f"!{self.was_reset} || !trap_out"
        )

    def datapath_settles(self) -> None:
        """Free-running registers agree with what feeds them once their step is past."""
        for k, (text, register, step) in enumerate(self.inner.settled):
            if step + 1 <= self.last:
                self.claim(
                    f"settled_{k}",
                    f"{register} holds still from clock {step + 1} of a tick",
                    f"!({self.after(step)}) || {register} == {text}",
                    helper=True,
                )
