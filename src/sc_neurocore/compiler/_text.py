"""Small pieces of Verilog text: literals, vectors, brackets."""

from __future__ import annotations

from sc_neurocore.compiler._lower import Port


def vector(port: Port) -> str:
    sign = "signed " if port.format.signed else ""
    return f"{sign}[{port.width - 1}:0]"


def remark(port: Port) -> str:
    unit = f" {port.unit}" if port.unit else ""
    low, high = port.low * port.format.resolution, port.high * port.format.resolution
    return f"{port.format}, {low:g} to {high:g}{unit}"


def literal(value: int, width: int) -> str:
    if value == -(1 << (width - 1)):
        return f"{width}'sh{1 << (width - 1):x}"
    return f"-{width}'sd{-value}" if value < 0 else f"{width}'sd{value}"


def port_literal(value: int, port: Port) -> str:
    return literal(value, port.width) if port.format.signed else f"{port.width}'d{value}"


def bare(text: str) -> str:
    """Drop one pair of enclosing brackets."""
    if text.startswith("(") and text.endswith(")"):
        depth = 0
        for k, character in enumerate(text):
            depth += (character == "(") - (character == ")")
            if depth == 0 and k < len(text) - 1:
                return text
        return text[1:-1]
    return text


def bracketed(text: str) -> str:
    return text if text.replace("_", "").isalnum() else f"({text})"
