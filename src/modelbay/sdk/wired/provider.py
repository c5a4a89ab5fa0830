"""A provider on a known wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from modelbay.entities import AIModelEntity, ModelType, WireDeclaration
from modelbay.errors import DeclarationError, InvokeError
from modelbay.sdk.calls import each
from modelbay.sdk.mapping import ErrorBoundary
from modelbay.sdk.model import validating
from modelbay.sdk.provider import ModelProvider
from modelbay.sdk.wired.custom import with_description
from modelbay.sdk.wired.endpoint import endpoint_of, options_of
from modelbay.sdk.wired.texts import fill, fill_options
from modelbay.wires.family import Endpoint, ModelDetailDialect, ModelListDialect, PagedListDialect, family
from modelbay.wires.paths import in_path
from modelbay.wires.request import Request

_MOST_PAGES = 50
_ASKED_AT_ONCE = 8


class WiredProvider(ModelProvider):
    """Proves credentials by the declared `check`, else by the cheapest call of the first declared model."""

    @property
    def wire(self) -> WireDeclaration:
        """The provider's wire; DeclarationError if its YAML has no `wire` section."""
        if self.provider_schema.wire is None:
            raise DeclarationError(f"provider {self.provider_schema.provider!r} declares no `wire`")
        return self.provider_schema.wire

    async def validate_provider_credentials(self, credentials: dict[str, Any]) -> None:
        """Prove the credentials; every failure is a `CredentialsValidateFailedError`."""
        if named := credentials.get(self.wire.check_model):
            await self.get_model_instance(ModelType.LLM).check_credentials(str(named), credentials)
            return
        if not self.wire.check:
            await self._check_by_first_model(credentials)
            return
        with validating(ErrorBoundary({}, self.provider_schema, credentials)):
            method, _, path = self.wire.check.partition(" ")
            endpoint = endpoint_of(self.wire, credentials)
            transport = self.model_factory(self.provider_schema.supported_model_types[0]).transport
            url = self._place_of(fill(path, credentials), endpoint, credentials)
            await transport.send(endpoint.request(method, url, idempotent=True))

    def _place_of(self, operation: str, endpoint: Endpoint, credentials: dict[str, Any]) -> str:
        """Return where an operation is; options that name a place for each, and a query, may name its too."""
        options = fill_options(options_of(self.wire, {}, credentials), "", credentials)
        paths, query = options.get("path"), options.get("query")
        named = paths.get(operation) if isinstance(paths, Mapping) else None
        url = endpoint.url(named or operation)
        return f"{url}?{urlencode(query)}" if query and isinstance(paths, Mapping) else url

    async def _check_by_first_model(self, credentials: dict[str, Any]) -> None:
        for model_type in self.provider_schema.supported_model_types:
            if declared := self.models(ModelType(model_type)):
                instance = self.get_model_instance(ModelType(model_type))
                await instance.check_credentials(declared[0].model, credentials)
                return

    async def fetch_models(self, credentials: dict[str, Any]) -> list[AIModelEntity]:
        """Return the models that the upstream itself lists, with what is declared of them besides."""
        listing = self.wire.listing
        dialect = family(listing.family or self.wire.family).models
        if dialect is None:
            return []
        endpoint = endpoint_of(self.wire, credentials, address=listing.address)
        told = await self._listed(dialect, endpoint, fill(listing.path, credentials))
        for model_type, path in listing.types.items():
            listed = await self._listed(dialect, endpoint, fill(path, credentials))
            told += [_as_type(model, model_type) for model in listed]
        models = [model for model in map(self._with_type, told) if model]
        if listing.each and isinstance(dialect, ModelDetailDialect):
            models = await each(
                models, partial(self._described, dialect, endpoint, credentials), at_once=_ASKED_AT_ONCE
            )
        return [self._with_declaration(model) for model in models]

    async def _described(
        self,
        dialect: ModelDetailDialect,
        endpoint: Endpoint,
        credentials: dict[str, Any],
        listed: AIModelEntity,
    ) -> AIModelEntity:
        """Return a listed model as the upstream describes it; as it was listed, where it does not."""
        place = fill(self.wire.listing.detail, {**credentials, "model": listed.model}, in_path)
        request = replace(dialect.to_show_request(listed.model, endpoint), url=endpoint.url(place))
        transport = self.model_factory(self.provider_schema.supported_model_types[0]).transport
        try:
            return dialect.to_model(listed.model, await transport.json(request))
        except InvokeError:
            return listed  # the list itself came: a model that is being removed must not hide the others

    def _with_type(self, told: AIModelEntity) -> AIModelEntity | None:
        """Return a listed model with the type that its name tells by the declaration; None: left out."""
        for kind, pattern in self.wire.listing.named.items():
            if re.fullmatch(pattern, told.model):
                return None if kind == "none" else _as_type(told, kind)
        return told

    async def _listed(self, dialect: ModelListDialect, endpoint: Endpoint, path: str) -> list[AIModelEntity]:
        """Return the models of one list, of all its pages; `path` leads to it, if not the usual one."""
        request: Request | None = dialect.to_request(endpoint)
        if request is not None and path:
            request = replace(request, url=endpoint.url(path))
        transport = self.model_factory(self.provider_schema.supported_model_types[0]).transport
        told: list[AIModelEntity] = []
        for _ in range(_MOST_PAGES):
            if request is None:
                break
            body = await transport.json(request)
            told += dialect.to_models(body)
            request = (
                dialect.to_next_request(endpoint, body) if isinstance(dialect, PagedListDialect) else None
            )
        return told

    def _with_declaration(self, told: AIModelEntity) -> AIModelEntity:
        """Return a listed model with what the plugin declares of it; the upstream's own word counts more."""
        for declared in self.provider_schema.models:
            if (declared.model, declared.model_type) == (told.model, told.model_type):
                joined = with_description(declared, told)
                return joined.model_copy(update={"pricing": told.pricing or declared.pricing})
        return told


def _as_type(model: AIModelEntity, model_type: ModelType) -> AIModelEntity:
    """Return a model of a list that has one type of models only, and does not say which."""
    properties = {name: value for name, value in model.model_properties.items() if name != "mode"}
    return model.model_copy(update={"model_type": model_type, "model_properties": properties})
