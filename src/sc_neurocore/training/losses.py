"""What training minimises."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def spike_count_loss(spike_counts: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy with the output's spike counts ``(B, classes)`` as logits."""
    return functional.cross_entropy(spike_counts, targets)


def membrane_loss(membrane_acc: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy with membrane values ``(B, classes)`` as logits."""
    return functional.cross_entropy(membrane_acc, targets)


def spike_l1_loss(spike_counts: Tensor, n_timesteps: int) -> Tensor:
    """Mean spikes per neuron and tick; fewer spikes are fewer clocks."""
    return spike_counts.mean() / n_timesteps
