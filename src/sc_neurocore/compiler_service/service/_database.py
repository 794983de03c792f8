"""One database: transactions that read, and transactions that write one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.exceptions import SCConfigError, SCDependencyError

_BUSY_MS = 30_000
#: Key of the lock under which PostgreSQL makes the tables and appends to the chain.
_LOCK = 0x53434E43


class Database:
    """SQLite or PostgreSQL behind a SQLAlchemy URL.

    SQLite runs in WAL with ``synchronous=FULL``: what is committed outlives a power cut.

    Args:
        url: SQLAlchemy URL.

    Raises:
        SCConfigError: there is no such database, or its tables are of another version.
        SCDependencyError: its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        try:
            self._make_tables()
        except DBAPIError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise SCConfigError(
                f"the database cannot be used: {reason}; check --database and --state"
            ) from None

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is wholly committed, or not at all if the block raises."""
        with (
            self.engine.connect().execution_options(sc_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def serialise(self, connection: Connection) -> None:
        """Until this transaction ends, let no other one pass here.

        In SQLite that is so from the start of a writing transaction.
        """
        if self.dialect == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")

    def _make_tables(self) -> None:
        with self.writing() as connection:
            self.serialise(connection)
            tables.metadata.create_all(connection)
            for statement in tables.triggers(self.dialect):
                connection.exec_driver_sql(statement)
            version = connection.scalar(
                select(tables.meta.c.value).where(tables.meta.c.name == "schema")
            )
            if version is None:
                row = {"name": "schema", "value": tables.SCHEMA_VERSION}
                connection.execute(insert(tables.meta), row)
            elif version != tables.SCHEMA_VERSION:
                raise SCConfigError(
                    f"the database has tables of version {version}; this version of "
                    f"sc-neurocore reads version {tables.SCHEMA_VERSION}"
                )


def _engine(url: str) -> Engine:
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    wrong = SCConfigError(
        "--database is no URL of a database; allowed: sqlite:///FILE or "
        "postgresql://USER:PASSWORD@HOST/NAME"
    )
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise wrong
    try:
        if url.startswith("postgresql"):
            return create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=True)
        engine = create_engine(url, pool_size=40, max_overflow=20)
    except ModuleNotFoundError:
        raise SCDependencyError(
            "PostgreSQL needs its driver; run: pip install 'sc-neurocore[postgresql]'"
        ) from None
    except SQLAlchemyError:
        raise wrong from None
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, record: Any) -> None:
    # The driver's own BEGIN would start as a reader and could fail to become a writer later.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={_BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("sc_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
