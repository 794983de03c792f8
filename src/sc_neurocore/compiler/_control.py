"""Verilog of a neuron's control: the decision to spike, the handshake, the end of a tick."""

from __future__ import annotations

from sc_neurocore.compiler._bittrue import DITHER_SEED
from sc_neurocore.compiler._expressions import Expressions
from sc_neurocore.compiler._lower import Port
from sc_neurocore.compiler._text import bare, port_literal


class Control(Expressions):
    """What is registered, and when."""

    def _step_width(self) -> int:
        return max(1, self.plan.last.bit_length())

    def _decision(self) -> list[str]:
        d, last = self.d, self.plan.last
        if d.condition is None:
            return []
        lines = [f"    wire above = {self._flag(d.condition, last)};"]
        gates = ["above"]
        if d.model.edge == "rising":
            gates.append("!was_above")
        if d.model.refractory_ticks:
            gates.append("refractory_left == 0")
        lines.append(f"    wire fire = {' && '.join(gates)};")
        return [*lines, ""]

    def _dither(self) -> list[str]:
        if not self.d.uses_dither:
            return []
        return [
            "    // Marsaglia 2003, doi:10.18637/jss.v008.i14.",
            "    wire [31:0] dither_a = dither ^ (dither << 13);",
            "    wire [31:0] dither_b = dither_a ^ (dither_a >> 17);",
            "    wire [31:0] next_dither = dither_b ^ (dither_b << 5);",
            "",
        ]

    def _control(self) -> list[str]:
        last = self.plan.last
        w = self._step_width()
        lines = []
        if not self.single:
            lines += ["    assign busy = step != 0;", ""]
        lines += ["    always @(posedge clk) begin", "        if (!rst_n) begin"]
        lines += [f"            {x}" for x in self._reset_values()]
        if self.single:
            lines += [
                "        end else begin",
                "            valid <= enable;",
                "            if (enable) begin",
            ]
            indent = " " * 16
        else:
            lines += [
                "        end else begin",
                "            valid <= 1'b0;",
                f"            step <= (step == {w}'d{last}) ? {w}'d0",
                f"                  : busy ? step + {w}'d1 : {w}'(enable);",
            ]
            if self.entering:
                lines.append("            if (enable && !busy) begin")
                lines += [
                    f"                {self.held[p.name]} <= {self.input_port[p.name]};"
                    for p in self.entering
                ]
                lines.append("            end")
            lines += [
                f"            if (step == {w}'d{last}) begin",
                "                valid <= 1'b1;",
            ]
            indent = " " * 16
        lines += [indent + x for x in self._commit(last)]
        return [*lines, "            end", "        end", "    end", ""]

    def _reset_values(self) -> list[str]:
        d = self.d
        lines = ["valid <= 1'b0;", "spike_out <= 1'b0;"]
        for p, raw in zip(d.states, d.init, strict=True):
            lines.append(f"{self.register[p.name]} <= {port_literal(raw, p)};")
        if d.model.refractory_ticks:
            lines.append(f"refractory_left <= {d.model.refractory_ticks.bit_length()}'d0;")
        if d.model.edge == "rising" and d.condition is not None:
            lines.append("was_above <= 1'b0;")
        if d.uses_dither:
            lines.append(f"dither <= 32'd{DITHER_SEED};")
        if d.overflow == "trap":
            lines.append("trap_out <= 1'b0;")
        if not self.single:
            lines.append(f"step <= {self._step_width()}'d0;")
        return lines

    def _commit(self, last: int) -> list[str]:
        """Statements that end a tick."""
        d, model = self.d, self.d.model
        fires = d.condition is not None
        lines = [f"spike_out <= {'fire' if fires else chr(49) + chr(39) + 'b0'};"]
        for held in (False, True):
            block = []
            for i, p in enumerate(d.states):
                if d.hold[i] == held:
                    target = self.register[p.name]
                    block.append(f"{target} <= {self._stored(d.candidate[i], p, last)};")
            for i, node in d.after_reset.items():
                p = d.states[i]
                if d.hold[i] == held:
                    block.append(
                        f"if (fire) {self.register[p.name]} <= {self._stored(node, p, last)};"
                    )
            if held and block and model.refractory_ticks:
                block = ["if (refractory_left == 0) begin", *("    " + x for x in block), "end"]
            lines += block
        if model.refractory_ticks:
            width = model.refractory_ticks.bit_length()
            lines += [
                f"if (fire) refractory_left <= {width}'d{model.refractory_ticks};",
                f"else if (refractory_left != 0) refractory_left <= refractory_left - {width}'d1;",
            ]
        if model.edge == "rising" and fires:
            lines.append("was_above <= above;")
        late = []
        for flag in d.overflows:
            terms = ["refractory_left == 0"] * flag.held
            terms += ["!fire"] * flag.replaced + ["fire"] * flag.at_spike
            late.append(" && ".join([*terms, self._flag(flag.node, last)]))
        if len(late) > 1:
            late = [f"({x})" if " && " in x else x for x in late]
        if late:
            lines.append(f"if ({' || '.join(late)}) trap_out <= 1'b1;")
        if d.uses_dither:
            lines.append("dither <= next_dither;")
        return lines

    def _flag(self, node: int, step: int) -> str:
        if self.d.nodes[node].op == "const":
            return f"1'b{self.d.nodes[node].value}"
        return self.ref(node, step)

    def _stored(self, node: int, port: Port, step: int) -> str:
        if self.d.nodes[node].op == "const":
            return port_literal(self.d.nodes[node].value, port)
        if port.format.signed:
            return self.sized(node, step, port.width)
        return f"{port.width}'({bare(self.ref(node, step))})"
