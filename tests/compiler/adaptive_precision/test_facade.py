"""Every documented name is importable from one place."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from sc_neurocore.compiler import adaptive_precision

SIGNATURES = {
    "LayerPrecision": "layer_index name bitstream_length error_bound sensitivity",
    "SynapsePrecision": "layer_index layer_name output_index input_index bit_width "
    "bitstream_length sensitivity quantization_error_bound stochastic_error_bound "
    "total_error_bound",
    "assign_lengths": "layer_weights layer_names total_budget min_length max_length target_error "
    "method",
    "analyze_sensitivity": "layer_weights lengths n_trials seed",
    "assign_synapse_precisions": "layer_weights layer_names sensitivity_maps target_error min_bits "
    "max_bits min_length max_length confidence",
    "precision_plan_manifest": "assignments",
    "auto_tune_synapse_precisions": "layer_weights",
    "write_precision_formal_evidence_bundle": "output_dir assignments",
}
DEFAULTS = {
    "assign_lengths": (None, None, 32, 1024, 0.01, "hoeffding"),
    "analyze_sensitivity": (None, 100, 42),
    "assign_synapse_precisions": (None, None, 0.01, 4, 16, 32, 4096, 0.95),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments_by_position(name: str) -> None:
    parameters = inspect.signature(getattr(adaptive_precision, name)).parameters.values()
    positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    wanted = SIGNATURES[name].split()
    assert [p.name for p in positional][: len(wanted)] == wanted
    # What we add has a default.
    assert all(p.default is not p.empty for p in positional[len(wanted) :])
    if name in DEFAULTS:
        assert tuple(p.default for p in positional[1:]) == DEFAULTS[name]


def test_what_else_belongs_to_precision() -> None:
    for name in ("compile_adaptive_precision", "QFormat", "BlockFloatingMode",
                 "prove_no_overflow", "prove_fixed_point_envelope", "Interval"):  # fmt: skip
        assert name in adaptive_precision.__all__
    assert all(hasattr(adaptive_precision, name) for name in adaptive_precision.__all__)


def test_the_prover_is_imported_only_to_prove() -> None:
    code = (
        "import sys, sc_neurocore.compiler.adaptive_precision as a; "
        "a.assign_synapse_precisions([[1.0, -0.5]]).verdict; "
        "sys.exit(any(m in sys.modules for m in ('sc_neurocore.formal', 'numba', 'bitwuzla')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
