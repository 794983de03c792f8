"""Fitting networks to devices: resources, surrogate search, evidence."""
