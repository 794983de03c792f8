"""Synapses of SONATA edges: NEST's models, and the rules here that have their equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io._sonata_config import Config, read_parameters
from sc_neurocore.io._sonata_tables import SONATAEdges
from sc_neurocore.io._sonata_types import Types, parameters, texts
from sc_neurocore.synapses import Rule, load_rule

_MOST_KINDS = 64
#: Decay within one tick of what NEST forgets at once: exp(-1000) is 0.
_AT_ONCE = 1000.0


@dataclass(frozen=True)
class Synapse:
    """A synapse model of NEST 3.

    Attributes:
        rule: name of the rule with its equations, ``None`` where the weight stays.
        parameters: by name in NEST, the rule's name and NEST's default.
        rest: what is read with one value only: states, which begin at rest here.
    """

    rule: str | None = None
    parameters: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    rest: Mapping[str, float] = field(default_factory=dict)

    @property
    def known(self) -> list[str]:
        """Every parameter that is read."""
        return [*self.parameters, *self.rest, "receptor_type"]


#: Equations: Guetig et al. 2003, doi:10.1523/JNEUROSCI.23-09-03697.2003 (stdp_synapse); Tsodyks,
#: Uziel & Markram 2000, doi:10.1523/JNEUROSCI.20-01-j0003.2000 (tsodyks_synapse); Maass & Markram
#: 2002, doi:10.1016/S0893-6080(01)00144-7 (tsodyks2_synapse). Defaults: those of NEST 3.10.
SYNAPSES: Mapping[str, Synapse] = {
    "static_synapse": Synapse(),
    "stdp_synapse": Synapse(
        "stdp_pair",
        {
            "tau_plus": ("tau_plus", 20.0), "lambda": ("lr", 0.01), "alpha": ("alpha", 1.0),
            "mu_plus": ("mu_plus", 1.0), "mu_minus": ("mu_minus", 1.0), "Wmax": ("w_max", 100.0),
        },
        {"Kplus": 0.0},
    ),
    "tsodyks_synapse": Synapse(
        "short_term_three_state",
        {"U": ("u_base", 0.5), "tau_psc": ("tau_psc", 3.0), "tau_rec": ("tau_d", 800.0),
         "tau_fac": ("tau_f", 0.0)},
        {"x": 1.0, "y": 0.0, "u": 0.0},
    ),
    "tsodyks2_synapse": Synapse(
        "short_term",
        {"U": ("u_base", 0.5), "tau_rec": ("tau_d", 800.0), "tau_fac": ("tau_f", 0.0)},
        {"x": 1.0, "u": 0.5},
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What synapses of one projection share.

    Attributes:
        where: names the edges in an error.
        template: name of NEST's model.
        values: its parameters, all of them.
    """

    where: str
    template: str
    values: Mapping[str, float]

    @property
    def is_plastic(self) -> bool:
        """Whether its spikes change it."""
        return SYNAPSES[self.template].rule is not None

    def rule(self, dt: float, tau_minus: float) -> Rule | None:
        """Its rule with its parameters; ``tau_minus`` is the target's, in ms as ``dt``.

        Raises:
            SCConfigError: a parameter is out of the rule's range.
        """
        model = SYNAPSES[self.template]
        if model.rule is None:
            return None
        rule = load_rule(model.rule)
        given = {ours: (theirs, self.values[theirs])
                 for theirs, (ours, _) in model.parameters.items()}  # fmt: skip
        if "tau_minus" in rule.parameter_values:
            given["tau_minus"] = ("tau_minus of the targets", tau_minus)
        found = []
        for q in rule.parameters:
            name, value = given.get(q.name, (q.name, q.value))
            if name == "tau_fac" and value == 0:
                q, value = replace(q, low=0.0), dt / _AT_ONCE
            if not q.low <= value <= q.high:
                unit = f" {q.unit}" if q.unit else ""
                raise SCConfigError(f"{self.where} has {name} of {value:g}; {self.template} takes "
                                    f"{q.low:g} to {q.high:g}{unit}")  # fmt: skip
            found.append(replace(q, value=value))
        if self.values.get("tau_psc", -1.0) == self.values.get("tau_rec"):
            raise SCConfigError(f"{self.where} has tau_psc and tau_rec of one value, "
                                f"{self.values['tau_rec']:g} ms; they must differ")  # fmt: skip
        return replace(rule, parameters=tuple(found))

    def require_weights(self, weights: NDArray[np.float64], nsyns: NDArray[np.float64]) -> None:
        """Refuse weights that the rule cannot have.

        Raises:
            SCConfigError: a weight of stdp_synapse is below 0 or above Wmax, or of several
                synapses, whose sum has no bound of its own.
        """
        if "Wmax" not in self.values:
            return
        most = self.values["Wmax"]
        wrong = (weights < 0) | (weights > most)
        if wrong.any():
            raise SCConfigError(f"{self.where} has a syn_weight of {weights[wrong][0]:g}; with "
                                f"{self.template} it is from 0 to Wmax, {most:g}")  # fmt: skip
        if (nsyns != 1).any():
            raise SCConfigError(f"{self.where} has nsyns of {nsyns[nsyns != 1][0]:g}; with "
                                f"{self.template} it must be 1, one edge per synapse")  # fmt: skip


def kinds_of(
    config: Config, edges: SONATAEdges, types: Types
) -> tuple[list[Kind], NDArray[np.int64]]:
    """The kinds of synapses of an edge population, and which of them each edge has.

    Raises:
        SCConfigError: a template or a parameter that is not read.
    """
    where = f"{edges.file}: edge population '{edges.name}'"
    codes, names = texts(edges, types, "model_template", "")
    templates = [name.removeprefix("nest:") or "static_synapse" for name in names]
    present = np.unique(codes).tolist()
    for k in present:
        if templates[k] not in SYNAPSES:
            raise SCConfigError(f"{where} has the model_template '{names[k]}'; those read are "
                                f"{', '.join(SYNAPSES)}")  # fmt: skip
    columns = {x for k in present for x in SYNAPSES[templates[k]].known}
    given = parameters(
        edges, types, lambda name: read_parameters(config.component(
            "synaptic_models_dir", name, f"{types.file}: dynamics_params")), columns
    )  # fmt: skip
    model = np.array([[*SYNAPSES, *templates].index(x) for x in templates])
    key = np.array([model[codes], *given.values()], np.float64)
    _, first, kind = np.unique(
        np.nan_to_num(key, nan=-np.inf), axis=1, return_index=True, return_inverse=True
    )
    if len(first) > _MOST_KINDS:
        raise SCConfigError(
            f"{where} has {len(first)} combinations of {', '.join(given)}, each of which needs a "
            f"projection of its own; at most {_MOST_KINDS} are read"
        )
    kinds = [
        _kind(where, templates[codes[row]],
              {name: float(v[row]) for name, v in given.items() if not np.isnan(v[row])})
        for row in first
    ]  # fmt: skip
    return kinds, kind.reshape(-1)


def _kind(where: str, template: str, given: dict[str, float]) -> Kind:
    model = SYNAPSES[template]
    rest = {**model.rest, "receptor_type": 0.0}
    if template == "tsodyks2_synapse":  # u is of the next spike: U at rest, 0.5 left out in NEST
        rest["u"], given = given.get("U", model.parameters["U"][1]), {"u": 0.5, **given}
    for name in given:
        if name not in rest and name not in model.parameters:
            listed = ", ".join(model.parameters) or "none"
            raise SCConfigError(
                f"{where} sets the parameter '{name}' of its synapses{suggest(name, model.known)}; "
                f"beside syn_weight, nsyns and delay {template} has {listed}"
            )
    for name, value in rest.items():
        if given.get(name, value) != value:
            raise SCConfigError(f"{where} has {name} of {given[name]:g}; of {template} only "
                                f"{value:g} is read")  # fmt: skip
    defaults = {name: default for name, (_, default) in model.parameters.items()}
    return Kind(where, template, {k: given.get(k, v) for k, v in defaults.items()})
