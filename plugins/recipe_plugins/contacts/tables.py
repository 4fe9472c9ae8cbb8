"""The tables of the book, the same on SQLite and PostgreSQL.

The one rule: who may be written to is never overwritten: each opt-out and opt-in is a row, and the latest one holds. After an
erasure a row keeps the digest of its address only, so that somebody who said stop is not written to again.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = 1

metadata = MetaData()

schema = Table("contact_schema", metadata, Column("version", Integer, primary_key=True))

# Moments are seconds since 1970. A household shares a phone, so only the e-mail address tells one person from another.
contacts = Table(
    "contacts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(320), unique=True),
    Column("phone", String(40), index=True),
    Column("name", Text, nullable=False, default=""),
    Column("company", Text, nullable=False, default=""),
    Column("source", Text, nullable=False, default=""),
    Column("tags", JSON, nullable=False, default=list),
    Column("fields", JSON, nullable=False, default=dict),
    Column("created_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Column("step", Text, nullable=False),
    sqlite_autoincrement=True,
)

consents = Table(
    "contact_consents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String(50), nullable=False),
    Column("key", String(64), nullable=False, index=True),
    Column("address", Text),
    Column("allowed", Boolean, nullable=False),
    Column("source", Text, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("at", Float(53), nullable=False),
    Column("step", Text, nullable=False),
    UniqueConstraint("step", "channel", "key", name="contact_consents_step"),
    sqlite_autoincrement=True,
)

interactions = Table(
    "contact_interactions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("contact", Integer, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("kind", String(50), nullable=False),
    Column("subject", Text, nullable=False, default=""),
    Column("notes", Text, nullable=False, default=""),
    Column("outcome", Text, nullable=False, default=""),
    Column("at", Float(53), nullable=False),
    Column("step", Text, nullable=False, unique=True),
    sqlite_autoincrement=True,
)

# `subject` is a contact's id or the digest of an address, never the address: the log outlives an erasure.
audit = Table(
    "contact_audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float(53), nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("action", String(50), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("detail", JSON, nullable=False, default=dict),
    sqlite_autoincrement=True,
)
