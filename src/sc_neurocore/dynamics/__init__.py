"""The equation language: models as data, and the straight-line program of one tick."""

from __future__ import annotations

from sc_neurocore.dynamics._build import build_model
from sc_neurocore.dynamics._calculus import affine, derivative
from sc_neurocore.dynamics._draws import random_draws
from sc_neurocore.dynamics._errors import pointed, require_finite, require_positive, suggest
from sc_neurocore.dynamics._evaluate import evaluate, exprel, sigmoid
from sc_neurocore.dynamics._kernel_cache import load_kernel
from sc_neurocore.dynamics._methods import Program, linear_system, program
from sc_neurocore.dynamics._model import METHODS, Assignment, Equation, Method, Model, Quantity
from sc_neurocore.dynamics._parse import (
    parse_assignments,
    parse_block,
    parse_condition,
)
from sc_neurocore.dynamics._reader import parse_expression
from sc_neurocore.dynamics._reference import reference
from sc_neurocore.dynamics._simulate import fi_curve, simulate
from sc_neurocore.dynamics._simulation import Simulation, Spikes, State
from sc_neurocore.dynamics._stepper import Stepper
from sc_neurocore.dynamics._tree import FUNCTIONS, Expr, Span, call, num, sym
from sc_neurocore.dynamics._units import registry as unit_registry

__all__ = [
    "FUNCTIONS",
    "METHODS",
    "Assignment",
    "Equation",
    "Expr",
    "Method",
    "Model",
    "Program",
    "Quantity",
    "Simulation",
    "Span",
    "Spikes",
    "State",
    "Stepper",
    "affine",
    "build_model",
    "call",
    "derivative",
    "evaluate",
    "exprel",
    "fi_curve",
    "linear_system",
    "load_kernel",
    "num",
    "parse_assignments",
    "parse_block",
    "parse_condition",
    "parse_expression",
    "pointed",
    "program",
    "random_draws",
    "reference",
    "require_finite",
    "require_positive",
    "sigmoid",
    "simulate",
    "suggest",
    "sym",
    "unit_registry",
]
