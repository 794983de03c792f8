"""What a running part says of itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_type_hints

from sc_neurocore.ir import PartitionError
from sc_neurocore.ir._fields import fits


@dataclass(frozen=True)
class PartStatus:
    """Where a part is.

    Attributes:
        place: its name.
        pid: its process.
        tick: next tick to run.
        ticks: of the whole run.
        finished: whether it has run all and every peer has what it needs.
        sent: spikes sent to other places.
        received: spikes of other places let through.
        lost: packets that count as lost.
        late: packets that came too late.
        seconds: since the run began.
        written: when it said this, in seconds since 1970 by the clock of its machine.
    """

    place: str
    pid: int
    tick: int
    ticks: int
    finished: bool
    sent: int
    received: int
    lost: int
    late: int
    seconds: float
    written: float

    def write(self, path: Path) -> None:
        """Write it as JSON in place of what is there.

        Raises:
            PartitionError: the file cannot be written.
        """
        fresh = path.with_name(f"{path.name}.new")
        try:
            fresh.write_text(json.dumps(asdict(self)))
            fresh.replace(path)
        except OSError as error:
            raise PartitionError(f"the status {path} cannot be written: {error.strerror}") from None


_FIELDS = get_type_hints(PartStatus)


def read_status(directory: str | Path) -> dict[str, PartStatus]:
    """The last status of every part that writes to a directory, by place.

    Raises:
        PartitionError: a file in it is no status.
    """
    found = {}
    for path in sorted(Path(directory).glob("*.status.json")):
        try:
            status = PartStatus(**json.loads(path.read_text()))
        except (OSError, TypeError, ValueError):
            status = None
        if status is None or not all(fits(getattr(status, n), t) for n, t in _FIELDS.items()):
            raise PartitionError(f"{path} is no status of a part")
        found[status.place] = status
    return found


def status_path(directory: str | Path, place: str) -> Path:
    """The file that a place writes."""
    return Path(directory) / f"{place}.status.json"
