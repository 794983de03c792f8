"""Search over the configurations of a network, closed on synthesis runs."""
