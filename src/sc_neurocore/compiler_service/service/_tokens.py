"""Tokens: made once, shown once, kept as hashes, with a role and rights to devices."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import Connection, func, insert, select, update

from sc_neurocore.compiler_service.service._database import Database
from sc_neurocore.compiler_service.service._tables import token as table
from sc_neurocore.exceptions import SCConfigError

Role = Literal["viewer", "operator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

#: In a token's rights: every device.
ANY = "*"

#: Tokens that are remembered, and for how long.
_CACHED, _CACHED_SECONDS = 1000, 1.0

_FORM = re.compile(r"scn_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"


@dataclass(frozen=True)
class Token:
    """Who makes a request.

    Attributes:
        id: public part of the token.
        name: what it was made for.
        role: ``viewer`` reads, ``operator`` also builds and updates, ``admin`` also registers
            devices and reads the audit log.
        devices: names of the devices that it may see and update; ``*`` for all.
        created: seconds since 1970.
        revoked: when it was revoked, or None.
    """

    id: str
    name: str
    role: Role
    devices: tuple[str, ...]
    created: float
    revoked: float | None = None

    def may_touch(self, device: str) -> bool:
        """Whether it has rights to a device."""
        return ANY in self.devices or device in self.devices

    def holds(self, role: Role) -> bool:
        """Whether its role includes another."""
        return ROLES.index(self.role) >= ROLES.index(role)


def create_token(
    connection: Connection, name: str, role: Role, devices: tuple[str, ...] = (ANY,)
) -> str:
    """Make a token and return its secret text, which cannot be shown again.

    Raises:
        SCConfigError: the role or a name is not allowed.
    """
    if role not in ROLES:
        raise SCConfigError(f"role is '{role}'; allowed: {', '.join(ROLES)}")
    for kind, text in (("name", name), *(("device", x) for x in devices if x != ANY)):
        if not re.fullmatch(NAME, text):
            raise SCConfigError(
                f"{kind} {text!r} is not allowed; use up to 64 letters, digits, '.', '_' and '-', "
                "starting with a letter or digit"
            )
    identity, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    connection.execute(
        insert(table),
        {
            "id": identity,
            "name": name,
            "role": role,
            "devices": list(devices) or [ANY],
            "hash": _hash(secret),
            "created": time.time(),
        },
    )
    return f"scn_{identity}_{secret}"


def list_tokens(connection: Connection) -> list[Token]:
    """All tokens, oldest first, also revoked ones."""
    rows = connection.execute(select(table).order_by(table.c.created, table.c.id))
    return [_token(row) for row in rows]


def revoke_token(connection: Connection, identity: str) -> None:
    """Make a token useless, in a running service within a second.

    Args:
        connection: a writing transaction.
        identity: its ``id``, as `list_tokens` shows it.

    Raises:
        SCConfigError: there is no such token.
    """
    statement = update(table).where(table.c.id == identity, table.c.revoked.is_(None))
    if not connection.execute(statement.values(revoked=time.time())).rowcount:
        raise SCConfigError(f"there is no valid token '{identity}'; see: serve token list")


def any_token(connection: Connection) -> bool:
    """Whether some token is valid."""
    count = connection.scalar(select(func.count()).where(table.c.revoked.is_(None)))
    return bool(count)


def find_token(connection: Connection, text: str) -> Token | None:
    """The valid token of a secret text, or None."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    row = connection.execute(select(table).where(table.c.id == match[1])).one_or_none()
    # The comparison takes the same time whether the token exists or not.
    expected = row.hash if row is not None else _hash("")
    same = hmac.compare_digest(_hash(match[2]), expected)
    if row is None or not same or row.revoked is not None:
        return None
    return _token(row)


class TokenCache:
    """Tokens that were found, for a second: then a revoked one is useless everywhere.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: dict[str, tuple[Token, float]] = {}

    def find(self, text: str) -> Token | None:
        """The valid token of a secret text, or None."""
        key, now = _hash(text), time.monotonic()
        known = self._found.get(key)
        if known is not None and now < known[1]:
            return known[0]
        with self._database.reading() as connection:
            found = find_token(connection, text)
        self._found.pop(key, None)
        if found is not None:
            if len(self._found) > _CACHED:
                self._found.clear()
            self._found[key] = (found, now + _CACHED_SECONDS)
        return found


def _hash(secret: str) -> str:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: object) -> Token:
    r: dict[str, object] = dict(row._mapping)  # type: ignore[attr-defined]
    r.pop("hash")
    r["devices"] = tuple(r["devices"])  # type: ignore[arg-type]
    return Token(**r)  # type: ignore[arg-type]
