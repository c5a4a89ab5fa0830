"""The default model of each type: chosen by people, never by reading it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelbay.entities import ModelType
from modelbay.platform.credentials.forms import FormError
from modelbay.platform.credentials.snapshot import Snapshot, Status
from modelbay.platform.credentials.statuses import ModelStatus
from modelbay.platform.people.refusals import conflict
from modelbay.store import Database, audit
from modelbay.store import credentials as credential_queries
from modelbay.store import models as queries
from modelbay.store.models import ModelPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultModel:
    """The default of a type.

    Attributes:
        provider, model: None if nobody has chosen one.
        status: Whether it can be called; None without one.
        text: What to do if there is none that can be called.
        suggested: `provider/model` that can be, offered where the default cannot; "" if there is none.
        version: Rises with every choice; 0 without one.
    """

    model_type: ModelType
    provider: str | None = None
    model: str | None = None
    status: Status | None = None
    text: str = ""
    suggested: str = ""
    version: int = 0

    @property
    def usable(self) -> bool:
        """Whether calls of `default` can be made."""
        return self.status is Status.ACTIVE


def read_default(snapshot: Snapshot, rows: Sequence[ModelStatus], model_type: ModelType) -> DefaultModel:
    """Return the default of a type and whether it can be called. Nothing is written, whatever there is.

    Args:
        rows: The workspace's models, as `list_models` returns them.
    """
    mine = [row for row in rows if row.model_type is model_type]
    stored = snapshot.defaults.get(model_type.value)
    if stored is None:
        text = f"there is no default model of type {model_type.value}: choose one"
        return DefaultModel(model_type=model_type, text=text, suggested=_suggested(mine))
    found = next((row for row in mine if (row.provider, row.model) == stored[:2]), None)
    status, why = (found.status, found.text) if found else (Status.ERROR, "there is no such model any more")
    usable = status is Status.ACTIVE
    return DefaultModel(
        model_type=model_type,
        provider=stored.provider,
        model=stored.model,
        status=status,
        text="" if usable else f"{stored.provider}/{stored.model}: {why}; or choose another default",
        suggested="" if usable else _suggested(mine),
        version=stored.version,
    )


def set_defaults(
    database: Database,
    workspace: str,
    rows: Sequence[ModelStatus],
    chosen: Mapping[ModelType, str | None],
    *,
    versions: Mapping[ModelType, int] | None = None,
    actor: str,
) -> None:
    """Make models the defaults of their types, all or none; None takes a default away.

    Args:
        chosen: By type, `provider/model`.
        versions: What the caller has seen; types that are missing are not compared.

    Raises:
        FormError: Some cannot be called; it names every type.
        InvokeBadRequestError: Somebody has chosen others since.
    """
    complaints = {kind.value: text for kind, name in chosen.items() if (text := _refusal(rows, kind, name))}
    if complaints:
        raise FormError.of(complaints)
    with credential_queries.changing(database, workspace):
        _compare(database, workspace, versions or {})
        for kind, name in chosen.items():
            _set(database, workspace, kind, name)
            audit.record(database, workspace, actor, "default.set", kind.value, {"model": name})


def _set(database: Database, workspace: str, kind: ModelType, name: str | None) -> None:
    if name is None:
        queries.delete_default(database, workspace, kind.value)
        return
    provider, _, model = name.partition("/")
    queries.put_default(database, ModelPlace(workspace, provider, model, kind.value), time.time())


def _compare(database: Database, workspace: str, versions: Mapping[ModelType, int]) -> None:
    stored = queries.defaults(database, workspace)
    for kind, version in versions.items():
        row = stored.get(kind.value)
        if version != (row.version if row else 0):
            raise conflict(kind.value, "somebody has chosen another default since: read it again")


def _refusal(rows: Sequence[ModelStatus], kind: ModelType, name: str | None) -> str:
    """Return why a model cannot be the default; nothing if it can."""
    if name is None:
        return ""
    found = [row for row in rows if f"{row.provider}/{row.model}" == name]
    typed = [row for row in found if row.model_type is kind]
    if not typed:
        return f"{name[:80]!r} is {'of another type' if found else 'no model here; write provider/model'}"
    return "" if typed[0].usable else f"{name} cannot be called ({typed[0].status}): {typed[0].text}"


def _suggested(rows: Sequence[ModelStatus]) -> str:
    """Return the first model that can be called; one that needs no credentials only if there is no other."""
    usable = [row for row in rows if row.usable and not row.deprecated]
    first = next((row for row in usable if row.credential), usable[0] if usable else None)
    return f"{first.provider}/{first.model}" if first else ""
