"""The neurons of a network as maps: the update of a tick that the accelerator implements.

``v' = v + a·(E − v) + I``, a spike when ``v' > θ``, then the reset. Gains are part of the weights:
with NIR's names, ``a = dt/tau`` and ``I`` is ``r·dt/tau`` times the weighted input.
"""

from __future__ import annotations

from typing import Literal

from sc_neurocore.dynamics import Model, build_model

Reset = Literal["subtract", "reset"]
_RESETS = {"subtract": "v = v - theta", "reset": "v = v_reset"}


def lif_model(
    leak: float,
    threshold: float | None = 1.0,
    reset: Reset = "subtract",
    v_leak: float = 0.0,
    v_reset: float = 0.0,
) -> Model:
    """Leaky integrate-and-fire: NIR's ``LIF``, ``IF`` (leak 0), ``LI`` (no threshold).

    Args:
        leak: ``a = dt/tau``, 0 to 1.
        threshold: θ; ``None`` for a leaky integrator that never spikes.
        reset: ``subtract`` θ, or ``reset`` to ``v_reset``.
        v_leak: E, where the membrane decays to.
        v_reset: value after a spike under ``reset``.
    """
    params = {"a": leak, "E": v_leak}
    if threshold is not None:
        params["theta"] = threshold
        if reset == "reset":
            params["v_reset"] = v_reset
    return build_model(
        "v[n+1] = v + a * (E - v) + I",
        threshold=None if threshold is None else "v > theta",
        reset=None if threshold is None else _RESETS[reset],
        params=params,
        name="lif" if threshold is not None else "li",
    )


def cuba_model(
    synaptic_leak: float,
    leak: float,
    threshold: float | None = 1.0,
    reset: Reset = "subtract",
    v_leak: float = 0.0,
    v_reset: float = 0.0,
    order: Literal["current_first", "voltage_first"] = "current_first",
) -> Model:
    """Leaky integrate-and-fire behind a synaptic current: NIR's ``CubaLIF`` and ``CubaLI``.

    Args:
        synaptic_leak: ``dt/tau_syn``.
        leak: ``dt/tau_mem``.
        threshold: θ; ``None`` for one that never spikes.
        reset: ``subtract`` θ, or ``reset`` to ``v_reset``.
        v_leak: E, where the membrane decays to.
        v_reset: value after a spike under ``reset``.
        order: whether the membrane sees this tick's current or that of the tick before.
    """
    params = {"c": synaptic_leak, "a": leak, "E": v_leak}
    if threshold is not None:
        params["theta"] = threshold
        if reset == "reset":
            params["v_reset"] = v_reset
    seen = "i - c * i + I" if order == "current_first" else "i"
    return build_model(
        f"i[n+1] = i - c * i + I; v[n+1] = v + a * (E - v) + ({seen})",
        threshold=None if threshold is None else "v > theta",
        reset=None if threshold is None else _RESETS[reset],
        params=params,
        name="cuba_lif" if threshold is not None else "cuba_li",
    )
