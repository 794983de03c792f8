"""The meaning of a rule, spelt out slowly: every cell is a dictionary, every tick is worked off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import Expr, affine, evaluate, exprel
from sc_neurocore.dynamics._noise import uniform
from sc_neurocore.synapses import Rule


class Interpreter:
    """Synapses ``(terminal, neuron)`` under a rule, one tick at a time."""

    def __init__(
        self, rule: Rule, pairs: Sequence[tuple[int, int]], terminals: int, neurons: int, dt: float
    ) -> None:
        self.rule, self.pairs, self.dt = rule, list(pairs), dt
        self.size = {"synapse": len(pairs), "pre": terminals, "post": neurons, "shared": 1}
        self.cells = {
            place: [{q.name: q.value for q in rule.states_at(place)} for _ in range(count)]
            for place, count in self.size.items()
        }

    def scope(self, inputs: Mapping[str, NDArray[np.float64]], **where: int) -> dict[str, float]:
        """Everything that can be read at some cells, by name."""
        values = {**self.rule.parameter_values, "dt": self.dt, **self.cells["shared"][0]}
        for name, cell in inputs.items():
            place = self.rule.places[name]
            if place == "shared":
                values[name] = float(cell[0])
            elif place in where:
                values[name] = float(cell[where[place]])
        for place, index in where.items():
            values |= self.cells[place][index]
        return values

    def moved(self, name: str, expr: Expr, values: Mapping[str, float]) -> float:
        form = affine(expr, (name,))
        slope = evaluate(expr, values)
        gain = self.dt
        if form is not None and name in form[0]:
            gain *= exprel(self.dt * evaluate(form[0][name], values))
        return values[name] + gain * slope

    def tick(
        self,
        now: int,
        arrivals: Sequence[int],
        spikes: Sequence[int],
        inputs: Mapping[str, NDArray[np.float64]],
        seed: int,
    ) -> list[float]:
        rule, out = self.rule, [0.0] * self.size["post"]
        where = {
            "shared": [{}],
            "pre": [{"pre": i} for i in range(self.size["pre"])],
            "post": [{"post": j} for j in range(self.size["post"])],
            "synapse": [{"synapse": k, "pre": i, "post": j} for k, (i, j) in enumerate(self.pairs)],
        }
        new = []
        for name, expr in rule.odes.items():
            place = rule.places[name]
            for index, at in enumerate(where[place]):
                value = self.moved(name, expr, self.scope(inputs, **at))
                new.append((place, index, name, value))
        for place, index, name, value in new:
            self.cells[place][index][name] = value

        def assign(line, at, index, place, extra):
            values = self.scope(inputs, **at) | extra
            for node in line.expr.walk():
                if node.op == "rand":
                    key = int(node.value)
                    values[f"rand.{key}"] = uniform(
                        np.uint64(seed), np.uint64(index), np.uint64(now), np.uint64(key)
                    )
            result = float(evaluate(line.expr, values))
            if line.target == "release":
                extra["release"] = result
            else:
                self.cells[place][index][line.target] = result

        released: dict[int, dict[str, float]] = {}
        for line in rule.every_tick:
            place = rule.places.get(line.target, "synapse")
            for index, at in enumerate(where[place]):
                if place == "synapse" and rule.when is not None:
                    pair = self.pairs[index]
                    if not evaluate(rule.when, self.scope(inputs, post=pair[1])):
                        continue
                assign(line, at, index, place, released.setdefault(index, {}))
        graded = any(a.target == "release" for a in rule.every_tick)
        for k, values in released.items():
            if "release" in values:
                out[self.pairs[k][1]] += values["release"]
        for i in arrivals:
            mine = [k for k, pair in enumerate(self.pairs) if pair[0] == i]
            extras: dict[int, dict[str, float]] = {k: {} for k in mine}
            for line in rule.on_pre:
                if rule.places.get(line.target) == "pre":
                    assign(line, {"pre": i}, i, "pre", {})
                else:
                    for k in mine:
                        assign(line, where["synapse"][k], k, "synapse", extras[k])
            if not graded:
                for k in mine:
                    default = self.cells["synapse"][k]["w"]
                    out[self.pairs[k][1]] += extras[k].get("release", default)
        for j in spikes:
            for line in rule.on_post:
                if rule.places[line.target] == "post":
                    assign(line, {"post": j}, j, "post", {})
                else:
                    for k, pair in enumerate(self.pairs):
                        if pair[1] == j:
                            assign(line, where["synapse"][k], k, "synapse", {})
        return out

    def get(self, name: str) -> NDArray[np.float64]:
        return np.array([cell[name] for cell in self.cells[self.rule.places[name]]])
