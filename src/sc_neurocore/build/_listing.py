"""Verilog as coloured lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_KEYWORDS = (
    "always|always_comb|always_ff|assign|begin|case|casez|default|else|end|endcase|endfunction|"
    "endgenerate|endmodule|for|function|generate|genvar|if|initial|inout|input|integer|"
    "localparam|logic|module|negedge|or|output|parameter|posedge|reg|signed|unsigned|wire"
)
_TOKEN = re.compile(
    rf"""(?P<comment>//.*)
    |(?P<directive>`\w+|\$\w+|\(\*.*?\*\))
    |(?P<string>"[^"]*")
    |(?P<constant>\b\d*'s?[bdhBDH][\da-fA-FxXzZ_]+|\b\d[\d_]*\b)
    |(?P<keyword>\b(?:{_KEYWORDS})\b)""",
    re.VERBOSE,
)


class Piece(NamedTuple):
    """Part of a line; ``kind`` is ``""`` for plain text."""

    kind: str
    text: str


class Line(NamedTuple):
    """One line of the listing."""

    text: str
    pieces: tuple[Piece, ...]


def listing(verilog: str) -> list[Line]:
    """Split Verilog into lines of coloured pieces; joined again they give the text unchanged."""
    return [Line(line, tuple(_pieces(line))) for line in verilog.splitlines()]


def _pieces(line: str) -> Iterator[Piece]:
    at = 0
    for match in _TOKEN.finditer(line):
        if match.start() > at:
            yield Piece("", line[at : match.start()])
        yield Piece(match.lastgroup or "", match.group())
        at = match.end()
    if at < len(line):
        yield Piece("", line[at:])
