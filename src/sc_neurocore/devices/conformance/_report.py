"""What a conformance run found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: of the check.
        required: what the board has to do.
        passed: whether it did.
        evidence: what was seen; of a failure, the first difference.
    """

    name: str
    required: str
    passed: bool
    evidence: str


@dataclass(frozen=True)
class ConformanceReport:
    """All checks of one board, executed.

    Attributes:
        device: name of the board.
        design: name of the network.
        digest: of the design, hexadecimal.
        checks: in the order of execution.
    """

    device: str
    design: str
    digest: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether all checks passed."""
        return all(check.passed for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "device": self.device,
            "design": self.design,
            "digest": self.digest,
            "passed": self.passed,
            "checks": [asdict(check) for check in self.checks],
        }
