"""A small trainer: one seed, one loop, the best epoch by a validation split."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress
from torch import Tensor

from sc_neurocore.datasets import Dataset
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.training.encoding import InputCoding
from sc_neurocore.training.losses import spike_count_loss, spike_l1_loss
from sc_neurocore.training.snn_modules import FeedForward

#: Changes a batch of levels ``(B, …)`` with the trainer's generator.
Augment = Callable[[Tensor, torch.Generator], Tensor]


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    Attributes:
        seed: of the split and of the order of the samples; initial weights are the caller's.
        epochs: passes over the training samples.
        batch: samples per step.
        learning_rate: of Adam at the start; it follows half a cosine to zero.
        validation: part of the training samples that choose the best epoch.
        rate_penalty: weight of the mean spikes per hidden neuron and tick in the loss.
        burn_in: first epoch (from 0) that may be the best, as a fraction of all.
    """

    seed: int = 0
    epochs: int = 60
    batch: int = 64
    learning_rate: float = 2e-3
    validation: float = 0.1
    rate_penalty: float = 0.0
    burn_in: float = 0.5

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1:
            raise SCConfigError("training needs at least one epoch and one sample per batch")
        if not 0 < self.validation < 1:
            raise SCConfigError(f"validation is {self.validation}; it must be between 0 and 1")
        if not 0 < self.learning_rate < math.inf:
            raise SCConfigError(f"learning_rate is {self.learning_rate}; it must be positive")


@dataclass(frozen=True)
class Fit:
    """What training gave; the networks hold the weights of the best epoch.

    Attributes:
        best_epoch: counted from 0.
        validation_accuracy: of the best epoch, the lowest over the networks.
        losses: mean training loss of every epoch.
        accuracies: validation accuracy of every epoch.
    """

    best_epoch: int
    validation_accuracy: float
    losses: tuple[float, ...]
    accuracies: tuple[float, ...]


def fit(
    networks: FeedForward | Sequence[FeedForward],
    data: Dataset,
    coding: InputCoding,
    options: TrainingOptions,
    *,
    augment: Augment | None = None,
    progress: Progress | None = None,
) -> Fit:
    """Train a network, or several views that share their parameters, a batch each in turn.

    The result depends only on the initial weights, the options and the number of threads. The
    test samples are not looked at.

    Args:
        networks: one network, or views of one (see `FeedForward.stochastic`).
        data: levels that fit ``coding.bits``; only the training part is used.
        coding: how samples become the input.
        options: how to train.
        augment: changes the levels of a batch before they are coded.
        progress: a rich progress display to add a bar to.

    Raises:
        SCConfigError: there is nothing to train on, or the loss is no number.
    """
    views = [networks] if isinstance(networks, FeedForward) else list(networks)
    data = data.at_bits(coding.bits)
    x = torch.from_numpy(data.train_x.astype(np.int32))
    y = torch.from_numpy(data.train_y.copy())
    random = torch.Generator().manual_seed(options.seed)
    order = torch.randperm(len(x), generator=random)
    held = max(1, round(options.validation * len(x)))
    if len(x) - held < 1:
        raise SCConfigError(f"data set '{data.name}' has {len(x)} training samples; give more")
    judge, learn = order[:held], order[held:]
    weights = list(dict.fromkeys(p for view in views for p in view.parameters()))
    optimiser = torch.optim.Adam(weights, options.learning_rate)
    steps = math.ceil(len(learn) / options.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, options.epochs * steps)
    task = progress.add_task("training", total=options.epochs * steps) if progress else None
    best: tuple[float, float, int] | None = None
    kept: list[dict[str, Tensor]] = []
    losses, accuracies, turn = [], [], 0
    for epoch in range(options.epochs):
        total = 0.0
        shuffled = learn[torch.randperm(len(learn), generator=random)]
        for rows in shuffled.split(options.batch):
            levels = x[rows] if augment is None else augment(x[rows], random)
            view = views[turn % len(views)]
            turn += 1
            activity = view.run(coding.encode(levels))
            loss = spike_count_loss(activity.spike_counts, y[rows])
            if options.rate_penalty:
                for counts in activity.hidden:
                    loss = loss + options.rate_penalty * spike_l1_loss(counts, coding.ticks)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(rows)
            if progress and task is not None:
                progress.advance(task)
        losses.append(total / len(learn))
        if not math.isfinite(losses[-1]):
            raise SCConfigError(
                f"the training loss became {losses[-1]} in epoch {epoch}; take a smaller "
                f"learning_rate than {options.learning_rate:g}"
            )
        seen = [accuracy(view, x[judge], y[judge], coding) for view in views]
        accuracies.append(min(seen))
        if progress and task is not None:
            progress.update(
                task, description=f"epoch {epoch + 1}: loss {losses[-1]:.4f}, "
                f"validation {100 * accuracies[-1]:.2f} %",
            )  # fmt: skip
        standing = (accuracies[-1], -losses[-1], epoch)
        first = math.floor(options.burn_in * options.epochs)
        if epoch >= min(first, options.epochs - 1) and (best is None or standing > best):
            best = standing
            kept = [copy.deepcopy(view.state_dict()) for view in views]
    assert best is not None
    for view, state in zip(views, kept, strict=True):
        view.load_state_dict(state)
    return Fit(best[2], best[0], tuple(losses), tuple(accuracies))


def predict(
    network: FeedForward, levels: Tensor | NDArray[np.generic], coding: InputCoding,
    batch: int = 1000,
) -> NDArray[np.int64]:  # fmt: skip
    """Class of every sample: the output neuron with most spikes, the lowest index of several."""
    if not isinstance(levels, Tensor):
        levels = torch.from_numpy(np.asarray(levels).astype(np.int32))
    chosen = []
    with torch.no_grad():
        for part in levels.split(batch):
            counts = network.run(coding.encode(part)).spike_counts.numpy()
            chosen.append(counts.argmax(1))
    return np.concatenate(chosen).astype(np.int64)


def accuracy(
    network: FeedForward, levels: Tensor | NDArray[np.generic], labels: Tensor | NDArray[np.int64],
    coding: InputCoding,
) -> float:  # fmt: skip
    """Part of the samples that `predict` puts in their class."""
    return float(np.mean(predict(network, levels, coding) == np.asarray(labels)))
