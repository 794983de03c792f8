"""What synapses are given, as arrays that a kernel can read without looking."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import Quantity, suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses._rule import Place, Rule

Array = NDArray[np.float64]


def numbers(what: str, given: ArrayLike) -> Array:
    """Numbers as float64; text, truth values and what is no array are refused."""
    try:
        array = np.asarray(given)
        if array.size and array.dtype.kind not in "iuf":
            raise ValueError
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise SCConfigError(f"{what} is {given!r:.60}; give numbers") from None


def whole_array(what: str, given: ArrayLike) -> NDArray[np.int64]:
    """Numbers as integers; fractions, NaN and text are refused."""
    try:
        array = np.asarray(given)
    except ValueError:
        raise SCConfigError(f"{what} are {given!r:.60}; give a list of whole numbers") from None
    kind = array.dtype.kind
    if array.size and not (kind in "iu" or (kind == "f" and (array == np.rint(array)).all())):
        raise SCConfigError(f"{what} hold {array.dtype} numbers; they must be whole")
    return np.ascontiguousarray(array, np.int64)


def indices(what: str, given: ArrayLike) -> NDArray[np.int32]:
    """Whole numbers from 0 to 2**31 − 1."""
    array = whole_array(what, given)
    if array.size and not 0 <= array.min() <= array.max() < 2**31:
        raise SCConfigError(f"{what} name {array.min()} to {array.max()}; allowed: 0 to 2**31 - 1")
    return array.astype(np.int32)


def check_rows(indptr: NDArray[np.int64], target: NDArray[np.int32], neurons: int) -> None:
    """Refuse rows that are not those of a sparse matrix."""
    wrong = indptr.ndim != 1 or target.ndim != 1 or len(indptr) < 1
    if wrong or indptr[0] != 0 or indptr[-1] != len(target) or (np.diff(indptr) < 0).any():
        raise SCConfigError(
            f"the rows are not those of a sparse matrix: indptr must rise from 0 to the number of "
            f"synapses, {target.size}"
        )
    if len(target) and target.max() >= neurons:
        raise SCConfigError(
            f"targets are {target.min()} to {target.max()}; there are {neurons} neurons, from 0"
        )


def initial(rule: Rule, q: Quantity, value: ArrayLike, cells: int) -> Array:
    """Initial values of a state in all of its cells, within its bounds."""
    given = numbers(f"init of '{q.name}'", value)
    if given.shape not in ((), (cells,)):
        raise SCConfigError(
            f"init of '{q.name}' has shape {given.shape}; give one number or ({cells},)"
        )
    bounds = rule.parameter_values
    low = max(q.low, bounds.get(f"{q.name}_min", q.low))
    high = min(q.high, bounds.get(f"{q.name}_max", q.high))
    if low > high:
        raise SCConfigError(
            f"'{q.name}' of rule '{rule.name}' must be {low:g} at least and {high:g} at most; "
            f"give a {q.name}_min that does not exceed {q.name}_max"
        )
    if given.size and not (np.isfinite(given).all() and low <= given.min() <= given.max() <= high):
        raise SCConfigError(
            f"init of '{q.name}' of rule '{rule.name}' is {given.min():g} to {given.max():g}; "
            f"it must be {low:g} to {high:g}"
        )
    return np.broadcast_to(given, cells).astype(np.float64)


def input_tables(
    rule: Rule, given: Mapping[str, ArrayLike], ticks: int, cells: Mapping[Place, int]
) -> list[Array]:
    """A table ``(1 or ticks, cells)`` for every input of a rule; those not given rest."""
    known = {q.name: q for q in rule.inputs}
    for name in given:
        if name not in known:
            raise SCConfigError(f"rule '{rule.name}' has no input '{name}'{suggest(name, known)}")
    return [
        _input_table(rule, q, given.get(name, q.value), ticks, cells[rule.places[name]])
        for name, q in known.items()
    ]


def _input_table(rule: Rule, q: Quantity, value: ArrayLike, ticks: int, cells: int) -> Array:
    values = numbers(f"input '{q.name}'", value)
    # A comparison with NaN is false.
    if values.size and not (q.low <= values.min() and values.max() <= q.high):
        raise SCConfigError(
            f"input '{q.name}' of rule '{rule.name}' is {values.min():g} to {values.max():g}; it "
            f"must be {q.low:g} to {q.high:g}"
        )
    shape = values.shape
    if rule.places[q.name] == "shared" and shape == (ticks,):
        values = values[:, None]
    table = np.atleast_2d(values)
    if table.ndim != 2 or len(table) not in (1, ticks) or table.shape[1] not in (1, cells):
        raise SCConfigError(
            f"input '{q.name}' has shape {shape}; allowed: one number, ({cells},) or "
            f"({ticks}, {cells})"
        )
    return np.array(np.broadcast_to(table, (len(table), cells)))


def require_bit(what: str, value: object) -> bool:
    """A spike or none: 0, 1, False or True."""
    if isinstance(value, np.ndarray) or value not in (0, 1):
        raise SCConfigError(f"{what} spike is {value!r:.60}; it must be 0, 1, False or True")
    return bool(value)
