"""Every model of a workspace with its status: declared ones and those that were added. None vanishes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from modelbay.entities import AIModelEntity, ModelProviderConfiguration, ModelType
from modelbay.errors import ModelbayError
from modelbay.platform.credentials.snapshot import Choice, Snapshot, Status
from modelbay.platform.credentials.stored import ENVIRONMENT, is_complete
from modelbay.runtime.needs import how_to_give
from modelbay.runtime.ports import CredentialSource

if TYPE_CHECKING:
    from modelbay.catalog import Catalog, ModelSummary

_PATIENCE: Final = 10.0  # seconds for a plugin to say what a model is
_AT_ONCE: Final = 8

Hosted = Callable[[str, str, Choice], Choice]
"""What a call of a provider's model uses where it may also use what is lent: that, or the workspace's own."""
Ask = Callable[[str, ModelType], Awaitable[AIModelEntity | None]]
"""Asks what a model is, by `provider/model`, as `Engine.schema` does."""

_TYPES: Final = {each.value: each for each in ModelType}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """A model of a workspace. `text` says why it cannot be called and what to do.

    `credential` is the id of what it uses; `schema` is what its plugin says of a model that was added, once
    it was asked.
    """

    provider: str
    model: str
    model_type: ModelType
    label: str
    custom: bool = False
    deprecated: bool = False
    status: Status
    text: str = ""
    credential: str = ""
    credential_name: str = ""
    schema: AIModelEntity | None = None

    @property
    def usable(self) -> bool:
        """Whether it can be called."""
        return self.status is Status.ACTIVE


def model_list(
    catalog: Catalog,
    snapshot: Snapshot,
    *,
    behind: CredentialSource | None = None,
    hosted: Hosted | None = None,
    provider: str | None = None,
    model_type: ModelType | None = None,
) -> list[ModelStatus]:
    """Return the models of a workspace, of one provider or type if given: by provider, those added last.

    Args:
        behind: Where credentials come from that are not stored: the environment of the first workspace.
    """
    looking = _Looking(catalog, snapshot, behind, hosted)
    kind = model_type.value if model_type else None
    rows = [*looking.declared(kind, provider), *looking.added(kind, provider)]
    order = {name: place for place, name in enumerate(dict.fromkeys(row.provider for row in rows))}
    return sorted(rows, key=lambda row: order[row.provider])


async def with_schemas(rows: Sequence[ModelStatus], ask: Ask) -> list[ModelStatus]:
    """Return the list with the schemas of models that were added; what cannot be asked is in error.

    Args:
        rows: As `list_models` returns them.
        ask: Returns a model's schema by `provider/model` and type, as an engine does.
    """
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(row: ModelStatus) -> ModelStatus:
        if not (row.custom and row.usable):
            return row
        async with gate:
            return await _asked(row, ask)

    return list(await asyncio.gather(*map(one, rows)))


async def _asked(row: ModelStatus, ask: Ask) -> ModelStatus:
    try:
        async with asyncio.timeout(_PATIENCE):
            schema = await ask(f"{row.provider}/{row.model}", row.model_type)
    except TimeoutError:
        text = f"the plugin has not said within {_PATIENCE:g} s what the model is"
    except ModelbayError as error:
        text = error.description
    except Exception as error:  # noqa: BLE001 - a plugin's own fault, which must not hide the other models
        text = f"the plugin failed with {type(error).__name__}"
    else:
        label = schema.label.en_us if schema else row.label
        return replace(row, schema=schema, label=label, deprecated=bool(schema and schema.deprecated))
    return replace(row, status=Status.ERROR, text=text)


class _Looking:
    """One look at a catalog and a workspace; what is known of a provider is asked for once."""

    def __init__(
        self, catalog: Catalog, snapshot: Snapshot, behind: CredentialSource | None, hosted: Hosted | None
    ) -> None:
        self._catalog = catalog
        self._snapshot = snapshot
        self._behind = behind
        self._hosted = hosted
        self._providers: dict[str, ModelProviderConfiguration | str] = {}
        self._without: dict[str, Choice] = {}

    def declared(self, kind: str | None, provider: str | None) -> Iterator[ModelStatus]:
        """Yield the models that plugins declare."""
        for row in self._catalog.models(kind, provider):
            yield self._declared(row)

    def added(self, kind: str | None, provider: str | None) -> Iterator[ModelStatus]:
        """Yield the models that were added, those included whose plugin is no more."""
        declared = {(row.provider, row.model, row.type) for row in self._catalog.models(kind, provider)}
        for place in self._snapshot.custom:
            wanted = kind in (None, place.model_type) and provider in (None, place.provider)
            if wanted and place[1:] not in declared:
                yield self._status(*place[1:], label=place.model, custom=True)

    def _declared(self, row: ModelSummary) -> ModelStatus:
        return self._status(row.provider, row.model, row.type, label=row.label, deprecated=row.deprecated)

    def _status(
        self,
        provider: str,
        model: str,
        kind: str,
        *,
        label: str,
        custom: bool = False,
        deprecated: bool = False,
    ) -> ModelStatus:
        model_type = _TYPES[kind]
        choice = self._choice(provider, model, kind, custom)
        return ModelStatus(
            provider=provider,
            model=model,
            model_type=model_type,
            label=label,
            custom=custom,
            deprecated=deprecated,
            status=choice.status,
            text=choice.text,
            credential=choice.id,
            credential_name=choice.name,
        )

    def _choice(self, name: str, model: str, kind: str, custom: bool) -> Choice:
        provider = self._provider(name)
        if isinstance(provider, str):
            return Choice(Status.ERROR, text=provider)
        choice = self._snapshot.stored(name, model, kind) or self._otherwise(provider, model, kind)
        if choice.id == ENVIRONMENT and not is_complete(provider, choice.credentials or {}):
            choice = Choice(
                Status.NO_CONFIGURE, text=how_to_give(provider)
            )  # an address alone, as it may be set
        if custom or self._hosted is None or choice.status is Status.DISABLED:
            return choice
        return self._hosted(name, model, choice)

    def _otherwise(self, provider: ModelProviderConfiguration, model: str, kind: str) -> Choice:
        """Return what calls of a provider use where the workspace says nothing of them."""
        if self._behind is not None:  # it may know something of the model
            return self._snapshot.choice(provider, model, _TYPES[kind], behind=self._behind)
        if provider.provider not in self._without:
            self._without[provider.provider] = self._snapshot.choice(provider)
        return self._without[provider.provider]

    def _provider(self, name: str) -> ModelProviderConfiguration | str:
        """Return a provider, or why there is none."""
        if name not in self._providers:
            try:
                self._providers[name] = self._catalog.declared(name)
            except ModelbayError as error:
                self._providers[name] = error.description
        return self._providers[name]
