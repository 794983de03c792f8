"""A rule's kernel run by Python itself, for a few synapses and ticks: nothing is compiled."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np


@cache
def interpreted(plain: str) -> Callable[..., Any]:
    """``run`` of a kernel's `KernelSource.plain`: the same operations in the same order.

    The elementary functions are those of the kernels, so that results are equal bit for bit.
    """
    from sc_neurocore.dynamics import _kernel_math, _noise
    from sc_neurocore.dynamics._sheet import ELEMENTARY

    scope: dict[str, Any] = {name: getattr(_kernel_math, name) for name in (*ELEMENTARY, "power")}
    scope |= {"np": np, "select": _select, "math": SimpleNamespace(sqrt=np.sqrt)}
    scope |= {"uniform": _draw(_noise.uniform), "normal": _draw(_noise.normal)}
    # The text holds no text of a user's: its numbers are arguments, its names our own.
    exec(plain, scope)  # noqa: S102
    run = scope["run"]

    def kernel(*arguments: Any) -> Any:
        # Compiled code divides by zero in silence; the kernel looks at what it stores.
        with np.errstate(all="ignore"):
            return run(*arguments)

    return kernel


def _select(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


def _draw(function: Callable[..., float]) -> Callable[..., float]:
    """A draw of a synapse whose index is a Python integer."""
    return lambda seed, k, now, n: function(seed, np.uint64(k), now, n)
