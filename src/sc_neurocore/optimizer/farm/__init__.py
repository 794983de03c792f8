"""The training set of the cost model: sweeps of synthesis runs as a job farm."""
