"""The models of a workspace: adding some to a provider, taking them away, switching any on and off."""

from __future__ import annotations

import time

from modelbay.platform.credentials.target import Target, check_model
from modelbay.platform.people.refusals import conflict, invalid, not_found
from modelbay.runtime.needs import needs_credentials
from modelbay.store import Database, audit
from modelbay.store import credentials as credential_queries
from modelbay.store import models as queries
from modelbay.store.models import ModelPlace


def add_model(database: Database, target: Target, *, credential: str | None = None, actor: str) -> None:
    """Add a model to a provider. `named.create` adds one together with credentials of its own.

    Args:
        credential: Those that it still has from before it was deleted; without, it uses its provider's.

    Raises:
        InvokeBadRequestError: There is such a model, it cannot be added, or it would have no credentials.
    """
    check_added(target)
    with credential_queries.changing(database, target.workspace):
        if credential is not None:
            _take_again(database, target, credential)
        else:
            check_borrowing(target)
        if not queries.add_custom(database, target.model_place, time.time()):
            raise conflict("model", f"{target} has been added already, as {target.place.model_type}")
        _record(database, target, "model.create", actor)


def check_added(target: Target) -> None:
    """Refuse a model that cannot be added to its provider.

    Raises:
        InvokeBadRequestError: The provider takes none, or declares it.
    """
    check_model(target)
    if target.is_declared:
        raise conflict("model", f"{target} comes with its plugin; it can be given credentials of its own")


def check_borrowing(target: Target) -> None:
    """Refuse a model without credentials of its own where its provider has none either.

    Raises:
        InvokeBadRequestError: The provider has none, and needs some.
    """
    if target.provider.provider_credential_schema is None and needs_credentials(target.provider):
        raise invalid("credentials", f"{target.provider.provider} has none of its own: give the model some")


def delete_model(database: Database, target: Target, *, actor: str) -> None:
    """Take a model away that was added. Its credentials stay: see `removed_models`.

    Raises:
        InvokeBadRequestError: It was not added.
    """
    with credential_queries.changing(database, target.workspace):
        if not queries.delete_custom(database, target.model_place):
            raise _unknown(target)
        credential_queries.deactivate(database, target.place)
        _record(database, target, "model.delete", actor)


def enable_model(database: Database, target: Target, enabled: bool, *, actor: str) -> None:
    """Switch a model on or off; one that is off is refused in every call.

    Raises:
        InvokeBadRequestError: The provider has no such model.
    """
    with credential_queries.changing(database, target.workspace):
        if not target.is_declared and not queries.is_custom(database, target.model_place):
            raise _unknown(target)
        queries.set_enabled(database, target.model_place, enabled)
        _record(database, target, "model.enable" if enabled else "model.disable", actor)


def removed_models(database: Database, workspace: str) -> list[ModelPlace]:
    """Return the models that are no more but still have credentials, and so can be added again."""
    present = set(queries.custom(database, workspace))
    active = credential_queries.active(database, workspace)
    rows = credential_queries.of_workspace(database, workspace)
    places = dict.fromkeys(row.place for row in rows if row.model and row.place not in active)
    return [place for place in (ModelPlace(*each) for each in places) if place not in present]


def _take_again(database: Database, target: Target, credential: str) -> None:
    row = credential_queries.one(database, target.workspace, credential)
    if row is None or row.place != target.place:
        raise not_found("credential", f"{target} has no credentials {credential[:40]!r}")
    credential_queries.activate(database, target.place, credential)


def _record(database: Database, target: Target, action: str, actor: str) -> None:
    audit.record(database, target.workspace, actor, action, str(target), {"type": target.place.model_type})


def _unknown(target: Target) -> Exception:
    return not_found(
        "model", f"{target.provider.provider} has no such model of type {target.place.model_type}"
    )
