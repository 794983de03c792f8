"""Every error a user can cause, as one small family.

A message is one sentence: what is wrong, where, what is allowed, how to fix it.
The command line prints the message alone, never a traceback, and exits with
the class's ``exit_code``.
"""

from __future__ import annotations


class SCNeuroError(Exception):
    """Base of every error that SC-NeuroCore raises on purpose.

    Attributes:
        exit_code: process exit status the command line uses for this family.
    """

    exit_code: int = 1


class SCConfigError(SCNeuroError, ValueError):
    """A model, parameter or option is invalid."""

    exit_code = 2


class EquationError(SCConfigError):
    """An equation cannot be read; the message carries the source line and a caret."""


class UnitMismatchError(EquationError):
    """The two sides of an expression have different physical dimensions."""


class SCCompilerError(SCNeuroError):
    """A valid model cannot be lowered to hardware as asked."""

    exit_code = 3


class BitwidthMismatchError(SCCompilerError):
    """A fixed-point format cannot hold a declared range, parameter or operand."""


class SCDependencyError(SCNeuroError):
    """A tool or optional package is missing; the message names what to install."""

    exit_code = 4


class BackendUnavailableError(SCDependencyError, RuntimeError):
    """The back end asked for cannot run here; the message names what it needs."""


class ToolError(SCNeuroError):
    """An external tool crashed, timed out or answered nonsense."""

    exit_code = 5


class HardwareSimMismatchError(SCNeuroError):
    """The RTL and the bit-true model disagreed, or a proof was refuted."""

    exit_code = 6


class DeviceError(SCNeuroError):
    """A board is missing, or cannot do what was asked."""

    exit_code = 8


class LinkError(DeviceError):
    """It cannot be known whether a board did what it was sent."""


class BusError(DeviceError):
    """A board refused to read or write a register."""


class DeviceMismatchError(DeviceError):
    """A board runs another design, or other parameters, than was said."""
