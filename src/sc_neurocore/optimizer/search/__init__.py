"""Search over the configurations of a network, closed on synthesis runs."""

from __future__ import annotations

from sc_neurocore.optimizer._interval import Figure
from sc_neurocore.optimizer.search._budget import (
    OBJECTIVES,
    QUANTITIES,
    Budget,
    Objective,
    make_budget,
    parse_budget,
)
from sc_neurocore.optimizer.search._candidate import Candidate
from sc_neurocore.optimizer.search._evaluate import Clocks
from sc_neurocore.optimizer.search._measure import Measured, measure
from sc_neurocore.optimizer.search._optimise import optimise
from sc_neurocore.optimizer.search._options import SearchOptions
from sc_neurocore.optimizer.search._page import render_search_page
from sc_neurocore.optimizer.search._parallel import parallel_layer_front
from sc_neurocore.optimizer.search._pareto import Found, ParetoResult, pareto_search
from sc_neurocore.optimizer.search._plot import pareto_plot
from sc_neurocore.optimizer.search._programme import Choice, LayerOptions, Limits, choose_layers
from sc_neurocore.optimizer.search._report import search_report
from sc_neurocore.optimizer.search._result import Round, Search
from sc_neurocore.optimizer.search._select import Nearest
from sc_neurocore.optimizer.search._space import (
    Frame,
    LayerSpace,
    Numerics,
    SearchSpace,
    network_space,
)
from sc_neurocore.optimizer.search._write import write_search

__all__ = [
    "OBJECTIVES",
    "QUANTITIES",
    "Budget",
    "Candidate",
    "Choice",
    "Clocks",
    "Figure",
    "Found",
    "Frame",
    "LayerOptions",
    "LayerSpace",
    "Limits",
    "Measured",
    "Nearest",
    "Numerics",
    "Objective",
    "ParetoResult",
    "Round",
    "Search",
    "SearchOptions",
    "SearchSpace",
    "choose_layers",
    "make_budget",
    "measure",
    "network_space",
    "optimise",
    "parallel_layer_front",
    "pareto_plot",
    "pareto_search",
    "parse_budget",
    "render_search_page",
    "search_report",
    "write_search",
]
