"""E-prop against automatic differentiation.

Without recurrent connections the e-prop gradient is the gradient of the loss through time, with the
same pseudo-derivative and the reset outside the graph (Bellec et al. 2020).
"""

from __future__ import annotations

import numpy as np
import torch

from sc_neurocore.synapses import Events, PlasticState, load_rule

TICKS, INPUTS, NEURONS = 60, 6, 4
TAU_M, TAU_OUT, GAMMA, V_TH = 12.0, 9.0, 0.3, 1.0


class Spike(torch.autograd.Function):
    """Heaviside forward, the triangle of Bellec et al. backward."""

    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return (v >= V_TH).to(v.dtype)

    @staticmethod
    def backward(ctx, grad):
        (v,) = ctx.saved_tensors
        return grad * GAMMA / V_TH * torch.clamp(1 - torch.abs((v - V_TH) / V_TH), min=0)


def test_gradient_is_that_of_autograd():
    rng = np.random.default_rng(1)
    spikes = torch.tensor((rng.random((TICKS, INPUTS)) < 0.3).astype(float))
    target = torch.tensor(rng.normal(0, 1, (TICKS, NEURONS)))
    weights = torch.tensor(rng.normal(0.25, 0.2, (INPUTS, NEURONS)), requires_grad=True)
    alpha, kappa = np.exp(-1 / TAU_M), np.exp(-1 / TAU_OUT)
    v = z = y = torch.zeros(NEURONS, dtype=torch.float64)
    potentials, errors, loss = [], [], torch.tensor(0.0, dtype=torch.float64)
    for t in range(TICKS):
        v = alpha * v + spikes[t] @ weights - V_TH * z.detach()
        z = Spike.apply(v)
        y = kappa * y + z
        loss = loss + 0.5 * ((y - target[t]) ** 2).sum()
        potentials.append(v.detach().numpy())
        errors.append((y - target[t]).detach().numpy())
    loss.backward()
    assert (
        z.numel() and float(torch.stack([torch.tensor(p) for p in potentials]).ge(V_TH).sum()) > 5
    )

    rule = load_rule("eprop").with_parameters(
        {"tau_m": TAU_M, "tau_out": TAU_OUT, "gamma": GAMMA, "v_th": V_TH, "lr": 1.0}
    )
    indptr, targets = (
        np.arange(0, INPUTS * NEURONS + 1, NEURONS),
        np.tile(np.arange(NEURONS), INPUTS),
    )
    state = PlasticState.of(
        rule, indptr, targets, NEURONS, dt=1.0, init={"w": 0.0}, engine="interpreted"
    )
    # A tick sees potentials and errors as they stood at its start: those of the tick before.
    late = {"v_post": np.array(potentials), "learning_signal": np.array(errors)}
    late = {k: np.concatenate([np.zeros((1, NEURONS)), x]) for k, x in late.items()}
    arrivals = Events.of(TICKS + 1, *np.nonzero(spikes.numpy()))
    state.advance(0, TICKS + 1, arrivals=arrivals, inputs=late)
    found = -state.get("w").reshape(INPUTS, NEURONS)
    np.testing.assert_allclose(found, weights.grad.numpy(), rtol=1e-10)
