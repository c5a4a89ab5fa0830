"""The part of a plan about models that are added to providers.

One with credentials of its own in the file is added by them.
"""

from __future__ import annotations

from collections.abc import Iterator

from modelbay.entities import ModelType
from modelbay.errors import ModelbayError
from modelbay.platform.apply.file import CredentialPart, ModelPart, WorkspacePart
from modelbay.platform.apply.plan import Change, Hands, Sight
from modelbay.platform.credentials import models as rules
from modelbay.platform.credentials.target import Target, without_plugin
from modelbay.platform.people.refusals import invalid
from modelbay.store import credentials as credential_queries
from modelbay.store import models as queries
from modelbay.store.models import ModelPlace


def added(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield which models are to be added to providers, and taken away where the plan prunes."""
    now = set(_stored(sight))
    own = _with_credentials(sight, wanted)
    listed: set[ModelPlace] = set()
    for number, part in enumerate(wanted.models):
        try:
            target = target_of(sight, part)
            rules.check_added(target)
            if target.model_place in listed:
                raise invalid("model", f"{target} is named twice")
            if target.model_place not in own:
                rules.check_borrowing(target)
        except ModelbayError as error:
            sight.complain(f"models[{number}]", error)
            continue
        listed.add(target.model_place)
        if target.model_place not in now | own.keys():
            yield _added(sight, target, None)
    for place, name in own.items():
        again = None if place in now else _left_behind(sight, place, name)
        if again is not None:
            yield _added(sight, target_of(sight, own_part(place)), again)
    if sight.prune:
        yield from (_taken_away(sight, place) for place in sorted(now - listed - own.keys()))


def places(sight: Sight, wanted: WorkspacePart) -> set[ModelPlace]:
    """Return the models that will have been added once the plan is carried out."""
    named = {ModelPlace(sight.id, part.provider, part.model, part.type.value) for part in wanted.models}
    kept = set() if sight.prune else set(_stored(sight))
    return kept | named | _with_credentials(sight, wanted).keys()


def target_of(sight: Sight, part: ModelPart | CredentialPart) -> Target:
    """Return the model that a part of the file is about.

    Raises:
        InvokeBadRequestError: There is no such provider.
    """
    declared = sight.catalog.provider(part.provider).provider
    return Target(sight.id, declared, part.model.removeprefix(f"{part.provider}/"), part.type)


def own_part(place: ModelPlace) -> ModelPart:
    """Return a place as the file names it."""
    return ModelPart(provider=place.provider, model=place.model, type=ModelType(place.model_type))


def _stored(sight: Sight) -> list[ModelPlace]:
    return [] if sight.is_new else queries.custom(sight.database, sight.id)


def _with_credentials(sight: Sight, wanted: WorkspacePart) -> dict[ModelPlace, str]:
    """Return the added models whose credentials are in the file, with the name of the first of them."""
    found: dict[ModelPlace, str] = {}
    for part in wanted.credentials:
        if not part.model:
            continue
        try:
            target = target_of(sight, part)
        except ModelbayError:
            continue  # the credentials complain of it
        if not target.is_declared:
            found.setdefault(target.model_place, part.name)
    return found


def _left_behind(sight: Sight, place: ModelPlace, name: str) -> str | None:
    """Return the id of credentials that a model still has from before it was taken away."""
    if sight.is_new:
        return None
    rows = credential_queries.of_workspace(sight.database, sight.id)
    return next((row.id for row in rows if tuple(row.place) == tuple(place) and row.name == name), None)


def _added(sight: Sight, target: Target, credential: str | None) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        mine = target._replace(workspace=workspace)
        await hands.database.run(rules.add_model, mine, credential=credential, actor=hands.actor)

    return Change(sight.name, "create", _what(target.model_place), {}, make)


def _taken_away(sight: Sight, place: ModelPlace) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(rules.delete_model, without_plugin(place), actor=hands.actor)

    return Change(sight.name, "delete", _what(place), {}, make)


def _what(place: ModelPlace) -> str:
    return f"model {place.provider}/{place.model} ({place.model_type})"
