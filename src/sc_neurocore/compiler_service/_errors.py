"""Why an update is not applied, or a journal not believed."""

from __future__ import annotations

from typing import Literal

from sc_neurocore.exceptions import DeviceError, SCConfigError

Refusal = Literal[
    "malformed",
    "signature",
    "foreign",
    "replayed",
    "downgraded",
    "base",
    "result",
    "rollback",
    "gate",
    "unfinished",
    "image",
    "journal",
]
"""What is wrong with a package, in one word:

``malformed`` (no package), ``signature`` (not signed by a key that is trusted), ``foreign`` (for
another device or design), ``replayed`` (committed before), ``downgraded`` (older than what was
committed), ``base`` (changes other parameters than the device has), ``result`` (does not give what
it says), ``rollback`` (its inverse does not undo it), ``gate`` (did not pass one), ``unfinished``
(another update must be settled first), ``image`` (needs another image), ``journal`` (the journal
was changed, or is of another device).
"""


class UpdateRefusedError(SCConfigError):
    """An update is not applied; the device and the journal are as before.

    Attributes:
        reason: in one word.
    """

    def __init__(self, reason: Refusal, message: str) -> None:
        """Refuse for a reason, with a sentence."""
        super().__init__(message)
        self.reason: Refusal = reason


class UpdateUnsettledError(DeviceError):
    """A device could not be brought to what its journal says; `recover` must be called again."""
