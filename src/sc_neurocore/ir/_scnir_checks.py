"""Checks of one decoded JSON value, and how their errors are worded."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, get_args

from sc_neurocore.ir._scnir_document import SCNIRValidationError

#: Raises unless a value, found at a path, is as it must be.
Check = Callable[[Any, str], None]

_IDENTITY = re.compile(r"[A-Za-z_][A-Za-z0-9_./]{0,255}", re.ASCII)
WEIGHT_ID = re.compile(r"conn\.[A-Za-z0-9_]+_to_[A-Za-z0-9_]+\.weight", re.ASCII)
_HDL = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
#: Names that are the library's, or that the emitted modules use themselves.
_KEPT = re.compile(
    r"(sc_|scnir_|restart_|source_|stream_|threshold_|tick_).*|.*_threshold|clk|rst_n|enable"
)


def refuse(path: str, what: str) -> NoReturn:
    """Raise the error of a rule that a field breaks."""
    raise SCNIRValidationError(f"SC-NIR {path} {what}")


def nearest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"``, or what there is."""
    names = sorted(known)
    if near := difflib.get_close_matches(name, names, n=1, cutoff=0.5):
        return f"; did you mean '{near[0]}'?"
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"; it takes {listed}" if names else ""


def require_object(value: Any, path: str, fields: Iterable[str]) -> None:
    """Refuse a value that is no object with exactly these keys."""
    if not isinstance(value, Mapping):
        refuse(path, f"is {_shown(value)}; it must be an object")
    names = tuple(fields)
    for key in value:
        if key not in names:
            refuse(path, f"has the unknown key {_shown(key)}{nearest(str(key), names)}")
    for name in names:
        if name not in value:
            refuse(path, f"has no key '{name}', which is required")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def object_of(fields: Mapping[str, Check]) -> Check:
    """An object with exactly these keys."""

    def check(value: Any, path: str) -> None:
        require_object(value, path, fields)
        for name, inner in fields.items():
            inner(value[name], f"{path}.{name}" if path != "document" else name)

    return check


def array(inner: Check, least: int = 0) -> Check:
    """An array of at least so many elements."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, list):
            refuse(path, f"is {_shown(value)}; it must be an array")
        if len(value) < least:
            refuse(path, f"has {len(value)} elements; it needs at least {least}")
        for index, element in enumerate(value):
            inner(element, f"{path}[{index}]")

    return check


def whole(low: int, high: int | None = None) -> Check:
    """A whole number in a range; true and false are none."""
    allowed = f"a whole number of at least {low}" if high is None else f"from {low} to {high}"

    def check(value: Any, path: str) -> None:
        if not _is_whole(value) or value < low or (high is not None and value > high):
            refuse(path, f"is {_shown(value)}; it must be {allowed}")

    return check


def number(value: Any, path: str) -> None:
    """A finite number."""
    if not _is_number(value):
        refuse(path, f"is {_shown(value)}; it must be a finite number")


def one_of(kind: Any) -> Check:
    """One of the words of a `Literal`, or the one word given."""
    words: tuple[str, ...] = get_args(kind) or (kind,)

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or value not in words:
            near = nearest(value, words) if isinstance(value, str) else ""
            refuse(path, f"is {_shown(value)}{near or '; it takes ' + ', '.join(words)}")

    return check


def matching(pattern: re.Pattern[str], what: str) -> Check:
    """Text that a pattern matches as a whole."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            refuse(path, f"is {_shown(value)}; it must be {what}")

    return check


identity = matching(
    _IDENTITY, "up to 256 letters, digits and '_', '.' or '/', starting with a letter or '_'"
)


def hdl_name(value: Any, path: str) -> None:
    """A Verilog identifier that clashes with nothing."""
    if not isinstance(value, str) or not _HDL.fullmatch(value):
        refuse(
            path,
            f"is {_shown(value)}; an HDL name is up to 64 letters, digits and '_', starting with a "
            "letter or '_'",
        )
    from sc_neurocore.compiler._identifiers import KEYWORDS  # the room takes long to import

    if value in KEYWORDS:
        refuse(path, f"is '{value}', a Verilog keyword; choose another name")
    if _KEPT.fullmatch(value):
        refuse(path, f"is '{value}', a name that emitted modules use themselves; choose another")


def text(value: Any, path: str) -> None:
    """Text that is not empty."""
    if not isinstance(value, str) or not value:
        refuse(path, f"is {_shown(value)}; it must be text that is not empty")


def boolean(value: Any, path: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        refuse(path, f"is {_shown(value)}; it must be true or false")


def scalar_or_vector(inner: Check) -> Check:
    """One value, or an array of at least one."""
    vector = array(inner, least=1)

    def check(value: Any, path: str) -> None:
        (vector if isinstance(value, list) else inner)(value, path)

    return check


def fraction(value: Any, path: str) -> None:
    """A number from 0 to 1."""
    if not _is_number(value) or not 0 <= value <= 1:
        refuse(path, f"is {_shown(value)}; it must be a number from 0 to 1")


def positive(value: Any, path: str) -> None:
    """A finite number above 0."""
    if not _is_number(value) or value <= 0:
        refuse(path, f"is {_shown(value)}; it must be a finite number above 0")


def prime(value: Any, path: str) -> None:
    """A base of a Halton sequence."""
    if not _is_whole(value) or value not in PRIMES:
        refuse(path, f"is {_shown(value)}; a Halton base must be a prime, from 2 to {PRIMES[-1]}")


def optional(inner: Check) -> Check:
    """Null, or a value."""
    return lambda value, path: None if value is None else inner(value, path)


#: Bases of Halton sequences: a common factor of two bases makes their streams dependent.
PRIMES = tuple(n for n in range(2, 256) if all(n % k for k in range(2, math.isqrt(n) + 1)))
