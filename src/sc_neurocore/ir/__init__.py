"""One immutable graph of a network, its passes, and its stochastic-computing document (SC-NIR)."""
