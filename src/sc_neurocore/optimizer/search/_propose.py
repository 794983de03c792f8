"""Candidates from the integer programme: its best choices under several limits."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sc_neurocore.accelerator import (
    Folding,
    InputCoding,
    engine_shape,
    layer_clocks,
    shapes_by_simd,
)
from sc_neurocore.build.network import Configuration
from sc_neurocore.cost import CostModel, LayerShape, layer_brams, layer_luts
from sc_neurocore.optimizer.search._budget import Budget, Objective
from sc_neurocore.optimizer.search._evaluate import Evaluator
from sc_neurocore.optimizer.search._programme import (
    Choice,
    Goal,
    LayerOptions,
    Limits,
    choose_layers,
    stack_options,
)
from sc_neurocore.optimizer.search._space import Frame, Numerics, SearchSpace

#: Answers of the programme for each set of limits, and the shares of the limits it is asked with:
#: its additive model may be wrong, and the full model then has something to choose from.
ANSWERS, TIGHTNESS = 2, (1.0, 0.85, 0.7)
#: By what share an answer may miss the optimum of the model.
GAP = 0.005
#: Share of right answers that configurations may differ by and still count as equally accurate.
EQUAL = 0.005

Row = tuple[Numerics, int, int]


@dataclass(frozen=True, eq=False)
class Tables:
    """The options of every layer.

    Attributes:
        rows: per layer, numerics, PE and SIMD of each option.
        luts: per layer, share in the engine's LUTs of each option.
        brams: per layer, block RAMs of each option.
        loss: per layer, lost share of right answers of each option.
        score: right answers of the finest arithmetic in the first frame.
    """

    rows: tuple[tuple[Row, ...], ...]
    luts: tuple[np.ndarray, ...]
    brams: tuple[np.ndarray, ...]
    loss: tuple[np.ndarray, ...]
    score: float


def layer_tables(evaluator: Evaluator, space: SearchSpace, family: str, model: CostModel) -> Tables:
    """Cost and lost accuracy of every option of every layer.

    The loss is executed one layer at a time: that layer in the option's arithmetic, all others in
    the finest.

    Args:
        evaluator: of the network.
        space: what is offered.
        family: of the target.
        model: of cost.
    """
    frame, best = space.frames[0], space.best
    alike = shapes_by_simd(
        evaluator.form(frame, best).network,
        sorted({simd for layer in space.layers for simd in layer.simds}),
    )
    top = evaluator.score(frame, best).share
    shapes: list[LayerShape] = []
    rows: list[tuple[Row, ...]] = []
    losses = []
    for k, layer in enumerate(space.layers):
        mine, loss = [], []
        for numerics in layer.numerics:
            mixed = (*best[:k], numerics, *best[k + 1 :])
            lost = max(0.0, top - evaluator.score(frame, mixed).share)
            network = evaluator.form(frame, mixed).network
            ones = (Folding(1, 1),) * len(space.layers)
            shape = engine_shape(network, ones).layers[k]
            for pe, simd in itertools.product(layer.pes, layer.simds):
                mine.append((numerics, pe, simd))
                loss.append(lost)
                streams = alike[simd].layers[k]
                shapes.append(
                    replace(
                        shape, pe=pe, simd=simd, out_simd=streams.out_simd,
                        buffers=streams.buffers,
                    )
                )  # fmt: skip
        rows.append(tuple(mine))
        losses.append(np.array(loss))
    ends = np.cumsum([len(r) for r in rows])[:-1]
    luts = np.split(layer_luts(shapes, family, model=model), ends)
    brams = np.split(layer_brams(shapes, family), ends)
    return Tables(tuple(rows), tuple(luts), tuple(brams), tuple(losses), top)


def layer_options(
    evaluator: Evaluator, space: SearchSpace, tables: Tables, frame: Frame
) -> list[LayerOptions]:
    """Options of every layer in a frame, with its expected clocks."""
    first, best = space.frames[0], space.best
    rates = evaluator.activity(frame, best)
    found = []
    for k, layer in enumerate(space.layers):
        clocks = []
        for numerics in layer.numerics:
            mixed = (*best[:k], numerics, *best[k + 1 :])
            network = evaluator.form(first, mixed).network
            coding = InputCoding(network.input.size, frame.coding, network.input.bits)
            network = replace(network, input=coding, ticks=frame.ticks)
            for pe, simd in itertools.product(layer.pes, layer.simds):
                clocks.append(layer_clocks(network, network.layers[k], Folding(pe, simd), rates))
        simds = [simd for _, _, simd in tables.rows[k]]
        encoded = evaluator.real.inputs if frame.coding == "rate" and k == 0 else 0
        entering = [encoded / simd for simd in simds]
        found.append(
            stack_options(tables.luts[k], tables.brams[k], clocks, tables.loss[k], simds, entering)
        )
    return found


@dataclass(frozen=True)
class Expected:
    """What turns a budget into limits of the programme.

    Attributes:
        base_luts: of an engine besides its layers.
        base_brams: likewise.
        fmax_mhz: clock that is expected, or ``None`` where there is none.
    """

    base_luts: float
    base_brams: float
    fmax_mhz: float | None


def propose(
    evaluator: Evaluator,
    space: SearchSpace,
    tables: Tables,
    budget: Budget,
    objective: Objective,
    expected: Expected,
) -> list[Configuration]:
    """Configurations that the programme chooses, without repetition.

    In every frame, and for every share of the limits: the most accurate; then the best by the
    objective of those as accurate. In the first frame also the smallest, the fastest and the most
    accurate of all, whatever the budget.
    """
    found: dict[Configuration, None] = {}
    for number, frame in enumerate(space.frames):
        options = layer_options(evaluator, space, tables, frame)

        def keep(choices: Sequence[Choice], frame: Frame = frame) -> None:
            for choice in choices:
                picked = [rows[i] for rows, i in zip(tables.rows, choice.rows, strict=True)]
                found.setdefault(space.configuration(frame, picked))

        if number == 0:
            for goal in ("luts", "clocks", "loss", "brams"):
                limit = Limits(loss=2 * EQUAL + float(sum(x.loss.min() for x in options)))
                keep(choose_layers(options, space.groups, frame.ticks, goal, limit, gap=GAP))
        score = evaluator.score(frame, space.best).share
        for share in TIGHTNESS:
            limits = _limits(budget, expected, share, score)
            best = choose_layers(options, space.groups, frame.ticks, "loss", limits, gap=GAP)
            keep(best)
            if not best or objective == "accuracy":
                continue
            if "accuracy" not in budget.keys:
                limits = replace(limits, loss=best[0].loss + EQUAL)
            for goal in _goals(objective):
                keep(
                    choose_layers(
                        options, space.groups, frame.ticks, goal, limits,
                        answers=ANSWERS, gap=GAP,
                    )
                )  # fmt: skip
    return list(found)


def _goals(objective: Objective) -> tuple[Goal, ...]:
    """What the programme makes small for an objective."""
    match objective:
        case "latency_us" | "clocks":
            return ("clocks",)
        case "brams":
            return ("brams",)
        case "power_mw":  # it grows with area, whatever the clocks
            return ("luts",)
    return ("luts",)


def _limits(budget: Budget, expected: Expected, share: float, score: float) -> Limits:
    limits = dict(budget.limits)
    clocks = [limits["clocks"]] if "clocks" in limits else []
    if "latency_us" in limits and expected.fmax_mhz is not None:
        clocks.append(limits["latency_us"] * expected.fmax_mhz)
    # Accuracy is checked by the lower end of an interval, so it needs more room than the loss.
    loss = max(0.0, score - limits["accuracy"]) * share if "accuracy" in limits else None
    return Limits(
        luts=share * limits["luts"] - expected.base_luts if "luts" in limits else None,
        brams=limits["brams"] - expected.base_brams if "brams" in limits else None,
        clocks=share * min(clocks) if clocks else None,
        loss=loss,
    )
