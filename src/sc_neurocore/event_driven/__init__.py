"""Leaky integrate-and-fire neurons from a list of synapses, run by events: a face of `network`."""

from __future__ import annotations

from sc_neurocore.event_driven.simulator import EventDrivenSimulator, EventStats, SpikeEvent

__all__ = ["EventDrivenSimulator", "EventStats", "SpikeEvent"]
