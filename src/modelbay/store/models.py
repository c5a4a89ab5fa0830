"""Queries about the models of a workspace: those added to a provider, those switched off, the defaults."""

from __future__ import annotations

from typing import NamedTuple

from modelbay.store.database import Database

_KEY = "workspace = :workspace AND provider = :provider AND model = :model AND model_type = :model_type"


class ModelPlace(NamedTuple):
    """A model of a provider, of one type, in a workspace."""

    workspace: str
    provider: str
    model: str
    model_type: str


class DefaultRow(NamedTuple):
    """The default model of a type."""

    provider: str
    model: str
    version: int


def add_custom(database: Database, place: ModelPlace, at: float) -> bool:
    """Add a model to a provider; False if it is there already. While held by `credentials.changing`."""
    return bool(
        database.change(
            "INSERT INTO custom_models (workspace, provider, model, model_type, created)"
            " VALUES (:workspace, :provider, :model, :model_type, :at) ON CONFLICT DO NOTHING",
            place._asdict() | {"at": at},
        )
    )


def delete_custom(database: Database, place: ModelPlace) -> int:
    """Take a model away from a provider; return 0 if it has not been added."""
    return database.change(f"DELETE FROM custom_models WHERE {_KEY}", place._asdict())  # noqa: S608 - ours


def custom(database: Database, workspace: str) -> list[ModelPlace]:
    """Return the models that have been added, by provider and age."""
    rows = database.rows(
        "SELECT workspace, provider, model, model_type FROM custom_models WHERE workspace = :workspace"
        " ORDER BY provider, created, model, model_type",
        {"workspace": workspace},
    )
    return [ModelPlace(*row) for row in rows]


def added(database: Database, workspace: str) -> list[tuple[ModelPlace, float]]:
    """Return the models that have been added, and when, by provider and age."""
    rows = database.rows(
        "SELECT workspace, provider, model, model_type, created FROM custom_models"
        " WHERE workspace = :workspace ORDER BY provider, created, model, model_type",
        {"workspace": workspace},
    )
    return [(ModelPlace(*row[:4]), float(row[4])) for row in rows]


def is_custom(database: Database, place: ModelPlace) -> bool:
    """Whether a model has been added."""
    statement = f"SELECT 1 FROM custom_models WHERE {_KEY}"  # noqa: S608 - ours
    return bool(database.rows(statement, place._asdict()))


def set_enabled(database: Database, place: ModelPlace, enabled: bool) -> None:
    """Switch a model on or off."""
    database.change(
        "INSERT INTO model_settings (workspace, provider, model, model_type, enabled, version)"
        " VALUES (:workspace, :provider, :model, :model_type, :enabled, 1)"
        " ON CONFLICT (workspace, provider, model, model_type)"
        " DO UPDATE SET enabled = excluded.enabled, version = model_settings.version + 1",
        place._asdict() | {"enabled": enabled},
    )


def settings(database: Database, workspace: str) -> dict[ModelPlace, bool]:
    """Return which models somebody has switched, and whether they are on."""
    rows = database.rows(
        "SELECT workspace, provider, model, model_type, enabled FROM model_settings"
        " WHERE workspace = :workspace",
        {"workspace": workspace},
    )
    return {ModelPlace(*row[:4]): bool(row[4]) for row in rows}


def disabled(database: Database, workspace: str) -> set[ModelPlace]:
    """Return the models that are switched off."""
    rows = database.rows(
        "SELECT workspace, provider, model, model_type FROM model_settings"
        " WHERE workspace = :workspace AND NOT enabled",
        {"workspace": workspace},
    )
    return {ModelPlace(*row) for row in rows}


def defaults(database: Database, workspace: str) -> dict[str, DefaultRow]:
    """Return the default models, by type."""
    rows = database.rows(
        "SELECT model_type, provider, model, version FROM default_models WHERE workspace = :workspace",
        {"workspace": workspace},
    )
    return {str(row[0]): DefaultRow(*row[1:]) for row in rows}


def put_default(database: Database, place: ModelPlace, at: float) -> None:
    """Make a model the default of its type."""
    database.change(
        "INSERT INTO default_models (workspace, model_type, provider, model, updated, version)"
        " VALUES (:workspace, :model_type, :provider, :model, :at, 1)"
        " ON CONFLICT (workspace, model_type) DO UPDATE SET provider = excluded.provider,"
        " model = excluded.model, updated = excluded.updated, version = default_models.version + 1",
        place._asdict() | {"at": at},
    )


def delete_default(database: Database, workspace: str, model_type: str) -> int:
    """Have no default of a type any more; return 0 if there was none."""
    return database.change(
        "DELETE FROM default_models WHERE workspace = :workspace AND model_type = :model_type",
        {"workspace": workspace, "model_type": model_type},
    )
