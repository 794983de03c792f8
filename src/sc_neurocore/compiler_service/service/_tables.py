"""The tables of the service, the same in SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

SCHEMA_VERSION = "1"

metadata = MetaData()

meta = Table("meta", metadata, Column("name", String, primary_key=True), Column("value", String))

token = Table(
    "token",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("devices", JSON, nullable=False),
    Column("hash", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("revoked", Float),
)

project = Table(
    "project",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("created_by", String, nullable=False),
)

file = Table(
    "file",
    metadata,
    Column("digest", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("created", Float, nullable=False),
    Column("created_by", String, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("state", String, nullable=False),
    # The fencing token: whoever holds an older number can write nothing.
    Column("attempt", Integer, nullable=False),
    Column("worker", String),
    Column("lease", Float),
    Column("cancel", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Column("found", Integer, nullable=False),
    Column("isolation", JSON),
    Column("result", JSON),
    Column("error", JSON),
    CheckConstraint(
        "state in ('queued','running','succeeded','failed','cancelled')", name="job_state"
    ),
    Index("job_queue", "state", "created"),
    Index("job_key", "key", "state"),
)

event = Table(
    "job_event",
    metadata,
    Column("job", String, ForeignKey("job.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("kind", String, nullable=False),
    Column("data", JSON, nullable=False),
)

#: Results by the hash of what went in: what was computed once is never computed again.
result = Table(
    "result",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", JSON, nullable=False),
    Column("created", Float, nullable=False),
)

build = Table(
    "build",
    metadata,
    Column("id", String, primary_key=True),
    Column("project", String, ForeignKey("project.id"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("network", String, nullable=False),
    Column("samples", String),
    Column("options", JSON, nullable=False),
    Column("job", String, ForeignKey("job.id"), nullable=False),
    Column("created", Float, nullable=False),
    Column("created_by", String, nullable=False),
)

device = Table(
    "device",
    metadata,
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("build", String, ForeignKey("build.id"), nullable=False),
    Column("bundle", String, nullable=False),
    Column("address", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("created_by", String, nullable=False),
)

#: States of an update that a job works on.
BUSY = ("planning", "applying", "rolling_back")

update = Table(
    "live_update",
    metadata,
    Column("id", String, primary_key=True),
    Column("device", String, ForeignKey("device.name"), nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("rollback_version", BigInteger),
    Column("tick", Integer, nullable=False),
    Column("network", String),
    # Digests of the parameters before and after, of the signed package, and of its inverse.
    Column("base", String),
    Column("parameters", String),
    Column("package", String),
    Column("gates", JSON, nullable=False),
    Column("job", String, ForeignKey("job.id")),
    Column("created", Float, nullable=False),
    Column("created_by", String, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("device", String, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("previous", String, nullable=False),
    Column("content", JSON, nullable=False),
    Column("digest", String, nullable=False),
)

answer = Table(
    "idempotent_answer",
    metadata,
    Column("token", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("request", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created", Float, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("token", String, nullable=False),
    Column("address", String, nullable=False),
    Column("method", String, nullable=False),
    Column("path", String, nullable=False),
    Column("status", Integer, nullable=False),
)

#: Tables to which rows are only ever added.
APPEND_ONLY = ("ledger", "audit")


def triggers(dialect: str) -> list[str]:
    """Statements that make the database refuse changes of `APPEND_ONLY`."""
    if dialect == "postgresql":
        made = [
            "CREATE OR REPLACE FUNCTION sc_append_only() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$ LANGUAGE plpgsql"
        ]
        for name in APPEND_ONLY:
            made += [
                f"CREATE OR REPLACE TRIGGER {name}_rows BEFORE UPDATE OR DELETE ON {name} "
                "FOR EACH ROW EXECUTE FUNCTION sc_append_only()",
                f"CREATE OR REPLACE TRIGGER {name}_truncate BEFORE TRUNCATE ON {name} "
                "FOR EACH STATEMENT EXECUTE FUNCTION sc_append_only()",
            ]
        return made
    return [
        f"CREATE TRIGGER IF NOT EXISTS {name}_{verb.lower()} BEFORE {verb} ON {name} "
        f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
        for name in APPEND_ONLY
        for verb in ("UPDATE", "DELETE")
    ]
