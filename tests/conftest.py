"""Settings of the whole suite."""

from hypothesis import settings

# The same examples everywhere; `pytest --hypothesis-profile=default` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
