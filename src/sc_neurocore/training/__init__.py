"""Torch cells of the same equations, surrogate gradients, quantisation-aware layers, a trainer."""
