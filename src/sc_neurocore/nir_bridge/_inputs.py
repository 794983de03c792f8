"""Inputs as a caller gives them: by name, or the only one without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir._ops import Array


def named_arrays(
    names: Sequence[str], inputs: ArrayLike | Mapping[str, ArrayLike]
) -> dict[str, Array]:
    """Each input as an array of finite numbers.

    Args:
        names: of a network's inputs.
        inputs: one for each by its name; for a single name also without.

    Raises:
        SCConfigError: names do not fit, or something is no finite number.
    """
    if isinstance(inputs, Mapping):
        table = dict(inputs)
    elif len(names) == 1:
        table = {names[0]: inputs}
    else:
        raise SCConfigError(f"Give each of the inputs {', '.join(names)} by name.")
    if set(table) != set(names):
        listed = ", ".join(map(str, table))
        raise SCConfigError(f"The inputs are {', '.join(names)}, not {listed}.")
    arrays = {}
    for name in names:
        try:
            array = np.asarray(table[name], dtype=np.float64)
        except (TypeError, ValueError):
            raise SCConfigError(f"Input {name!r} must hold numbers.") from None
        if not np.all(np.isfinite(array)):
            raise SCConfigError(f"Input {name!r} holds a number that is not finite.")
        arrays[name] = array
    return arrays
