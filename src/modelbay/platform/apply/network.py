"""The part of a plan about network settings. The command line is the owner's, who may allow private hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from modelbay.errors import ModelbayError
from modelbay.platform.apply.file import WorkspacePart
from modelbay.platform.apply.plan import Change, Hands, Sight
from modelbay.platform.network import settings as rules
from modelbay.platform.network.fields import PASSWORD, check
from modelbay.platform.people.refusals import invalid
from modelbay.platform.references import HOW, Reference
from modelbay.store import networks as queries

_SECRET: Final = "(secret)"  # noqa: S105 - what is shown instead of one


def network(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield what has to change of the ways to providers."""
    rows = [] if sight.is_new else queries.of_workspace(sight.database, sight.id)
    known = {row.provider: row.version for row in rows}
    for provider, settings in wanted.network.items():
        version = known.pop(provider, 0)
        try:
            given = {name: _value(sight, name, value) for name, value in settings.items()}
            after = check(sight.catalog.provider(provider).provider, given)
            _refuse_written(settings, after)
        except ModelbayError as error:
            sight.complain(f"network.{provider}", error)
            continue
        before = rules.stored_values(sight.database, sight.vault, sight.id, provider) if version else {}
        if sight.prune:
            rest = dict.fromkeys(name for name in before if name not in after and name != PASSWORD)
            given, after = given | rest, after | rest
        yield from _changed(sight, provider, given, before, after, version)
    if sight.prune:
        yield from (_cleared(sight, provider, version) for provider, version in known.items())


def _value(sight: Sight, name: str, value: Any) -> Any:
    """Return a setting with what it refers to in the place of references."""
    if name == "headers" and isinstance(value, Mapping):
        return {str(header): _header(sight, str(header), text) for header, text in value.items()}
    return _referred(sight, name, value) if isinstance(value, Mapping) else value


def _header(sight: Sight, header: str, value: Any) -> str:
    if not isinstance(value, Mapping):
        raise invalid("headers", f"{header[:40]}: a secret is not written here; {HOW}")
    return _referred(sight, "headers", value)


def _referred(sight: Sight, name: str, value: Mapping[Any, Any]) -> str:
    try:
        reference = Reference.model_validate(value)
    except ValidationError:
        raise invalid(name, HOW) from None
    return reference.value(sight.folder)


def _refuse_written(settings: Mapping[str, Any], checked: Mapping[str, Any]) -> None:
    if checked.get(PASSWORD) and not isinstance(settings.get("proxy"), Mapping):
        raise invalid("proxy", f"a password is not written here; {HOW}")


def _changed(
    sight: Sight,
    provider: str,
    given: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    version: int,
) -> Iterator[Change]:
    differing = {name for name, value in after.items() if value != before.get(name)}
    if after.get(PASSWORD) is None and "proxy" not in differing:
        differing.discard(PASSWORD)  # an address that is written without its password keeps it
    if not differing:
        return
    named = {"proxy" if name == PASSWORD else name for name in differing}

    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(
            rules.change,
            hands.vault,
            hands.catalog.provider(provider).provider,
            workspace,
            {name: given[name] for name in named},
            version=version,
            actor=hands.actor,
            may_allow_private=True,
        )

    facts = {name: (_shown(name, before.get(name)), _shown(name, after[name])) for name in sorted(differing)}
    yield Change(sight.name, "change" if version else "create", f"network of {provider}", facts, make)


def _cleared(sight: Sight, provider: str, version: int) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(rules.clear, workspace, provider, version=version, actor=hands.actor)

    return Change(sight.name, "delete", f"network of {provider}", {}, make)


def _shown(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if name == PASSWORD:
        return _SECRET
    if name == "headers":
        return ", ".join(f"{header}: {_SECRET}" for header in value)
    if name == "ca_bundle":
        return "(certificates)"
    return ", ".join(value) if isinstance(value, list) else str(value)
