"""User names to Verilog identifiers: keywords and names that differ only in case are renamed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sc_neurocore.exceptions import SCCompilerError

#: Reserved words of IEEE 1364-2005 and IEEE 1800-2017 (Annex B).
_WORDS = """
accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
checker class clocking cmos config const constraint context continue cover covergroup
coverpoint cross deassign default defparam design disable dist do edge else end endcase
endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface
endmodule endpackage endprimitive endprogram endproperty endsequence endspecify endtable
endtask enum event eventually expect export extends extern final first_match for force foreach
forever fork forkjoin function generate genvar global highz0 highz1 if iff ifnone ignore_bins
illegal_bins implements implies import incdir include initial inout input inside instance int
integer interconnect interface intersect join join_any join_none large let liblist library
local localparam logic longint macromodule matches medium modport module nand negedge nettype
new nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed parameter
pmos posedge primitive priority program property protected pull0 pull1 pulldown pullup
pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence rcmos real realtime
ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1 s_always
s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal showcancelled
signed small soft solve specify specparam static string strong strong0 strong1 struct super
supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout time
timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef
union unique unique0 unsigned until until_with untyped use uwire var vectored virtual void wait
wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor xor
"""
KEYWORDS = frozenset(_WORDS.split())

_LEGAL = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def check_module_name(name: str) -> str:
    """Return a module name, or refuse what is not a Verilog identifier.

    Raises:
        SCCompilerError: the name is a keyword or contains other characters.
    """
    if not _LEGAL.fullmatch(name):
        raise SCCompilerError(
            f"module name '{name[:64]}' is not a Verilog identifier; use up to 64 letters, digits "
            "and '_', starting with a letter"
        )
    if name in KEYWORDS:
        raise SCCompilerError(f"module name '{name}' is a Verilog keyword; choose another")
    if name.startswith("sc_serial_"):
        raise SCCompilerError(
            f"module name '{name}' is kept for the modules that come with it; choose another"
        )
    return name


class Namespace:
    """Hands out identifiers that are unique even to tools that ignore case."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.lower() for name in (*taken, *KEYWORDS)}

    def claim(self, wanted: str) -> str:
        """The identifier closest to ``wanted`` that is legal and free."""
        stem = re.sub(r"[^A-Za-z0-9_]", "_", wanted).strip("_") or "value"
        if stem[0].isdigit():
            stem = f"n_{stem}"
        name, number = stem, 1
        while name.lower() in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name.lower())
        return name
