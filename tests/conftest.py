"""Settings of the whole suite."""

import os
from pathlib import Path

from hypothesis import settings

# The same examples everywhere; `pytest --hypothesis-profile=default` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# Kernels and evidence of the tests stay out of the user's own.
os.environ["SC_NEUROCORE_CACHE"] = str(
    Path(__file__).resolve().parent.parent / ".pytest_cache" / "sc-neurocore"
)
