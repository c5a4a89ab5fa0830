"""Queries about who people are for a provider of sign-ins, and about sign-ins that have been used."""

from __future__ import annotations

from modelbay.store.database import Database


def user_of(database: Database, issuer: str, subject: str) -> str | None:
    """Return the id of the user that a provider knows by a subject."""
    rows = database.rows(
        "SELECT user_id FROM identities WHERE issuer = :issuer AND subject = :subject",
        {"issuer": issuer, "subject": subject},
    )
    return str(rows[0][0]) if rows else None


def insert(database: Database, issuer: str, subject: str, *, user_id: str, email: str, created: float) -> int:
    """Keep who somebody is; return 0 if the subject has a user, or the user a subject of this provider."""
    return database.change(
        "INSERT INTO identities (issuer, subject, user_id, email, created)"
        " VALUES (:issuer, :subject, :user_id, :email, :created) ON CONFLICT DO NOTHING",
        {"issuer": issuer, "subject": subject, "user_id": user_id, "email": email, "created": created},
    )


def use(database: Database, digest: bytes, *, expires: float, now: float) -> bool:
    """Note that a sign-in comes back; False if it has come back before. What is over is forgotten."""
    database.change("DELETE FROM used_sign_ins WHERE expires < :now", {"now": now})
    return bool(
        database.change(
            "INSERT INTO used_sign_ins (hash, expires) VALUES (:hash, :expires) ON CONFLICT DO NOTHING",
            {"hash": digest, "expires": expires},
        )
    )
