"""What the ready-made models on known wires share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from modelbay.entities import (
    AIModelEntity,
    FetchFrom,
    I18nObject,
    ModelPropertyKey,
    ModelType,
    WireDeclaration,
)
from modelbay.errors import DeclarationError, InvokeAuthorizationError, InvokeError
from modelbay.sdk.model import AIModel
from modelbay.sdk.remembered import facts_of
from modelbay.sdk.wired.custom import DEFAULT_TEMPLATES, base_of, custom_schema, with_description
from modelbay.sdk.wired.endpoint import endpoint_of, options_of
from modelbay.sdk.wired.texts import fill, fill_options
from modelbay.wires.family import Endpoint, Family, ModelDetailDialect, Told, family
from modelbay.wires.paths import in_path

D = TypeVar("D")
_TOLD_FOR = 300.0  # seconds for which an upstream's word about a model counts
_SIZED = frozenset({ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.RERANK})


class WiredModel(AIModel):
    """A model whose provider declares its wire. A subclass may override `wire_options`; most need not."""

    changes_its_input: ClassVar[bool] = False

    @property
    def wire(self) -> WireDeclaration:
        """The provider's wire; DeclarationError if its YAML has no `wire` section."""
        if self.provider_schema is None or self.provider_schema.wire is None:
            raise DeclarationError(
                f"provider {self._provider_name!r} declares no `wire`: add the section to its YAML"
            )
        return self.provider_schema.wire

    @property
    def family(self) -> Family:
        """The dialects of this model type; DeclarationError if the YAML names an unknown family."""
        return self.speaking({})

    def speaking(self, options: Mapping[str, Any]) -> Family:
        """Return the dialects that a model with these options is spoken to in."""
        name = options.get("family") or self.wire.families.get(self.model_type, self.wire.family)
        try:
            return family(str(name))
        except LookupError as error:
            raise DeclarationError(f"provider {self._provider_name!r}, `wire`: {error}") from None

    def endpoint(self, credentials: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> Endpoint:
        """Return where to call a model with these options, and how to present oneself."""
        address = options.get("address") if options else None
        return endpoint_of(self.wire, credentials, self.model_type, address)

    def wire_options(self, model: str, credentials: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the dialect must know to speak to this model."""
        schema = self.get_model_schema(model, credentials)
        options = options_of(self.wire, schema.wire if schema else {}, credentials, self.model_type)
        return fill_options(options, self.upstream_name(model, credentials), credentials)

    def upstream_name(self, model: str, credentials: Mapping[str, Any]) -> str:
        """Return the upstream's name for the model."""
        name = credentials.get(self.wire.model_name) if self.wire.model_name else None
        return str(name or model)

    async def get_customizable_model_schema(self, model: str, credentials: dict[str, Any]) -> AIModelEntity:
        """Declare a model that no YAML declares: like its base, or from the provider's template.

        What the form leaves open the upstream is asked, where the provider and its dialect provide for that.
        """
        template = self.wire.custom.get(self.model_type, DEFAULT_TEMPLATES.get(self.model_type, {}))
        if schema := self._like_its_base(model) or self._like_another(model, base_of(template, credentials)):
            return schema
        declared = custom_schema(model, self.model_type, template, credentials)
        if ModelPropertyKey.CONTEXT_SIZE in declared.model_properties:
            return declared
        described = await self._described(model, credentials, declared)
        return with_description(declared, described) if described else declared

    def _like_its_base(self, model: str) -> AIModelEntity | None:
        """Declare a fine-tuned model, `ft:<base>:…`, like its base."""
        if not model.startswith("ft:"):
            return None
        base = model.split(":")[1]
        found = self._declared(base)
        # What a fine-tuned model costs is another price, which nobody declared.
        return found.model_copy(update={"model": model, "pricing": None}) if found else None

    def _like_another(self, model: str, base: str) -> AIModelEntity | None:
        """Declare a model that has a name of its own, such as a deployment, like the declared one it is."""
        found = self._declared(base) if base else None
        own = {"model": model, "label": I18nObject(en_us=model), "fetch_from": FetchFrom.CUSTOMIZABLE_MODEL}
        return found.model_copy(update=own) if found else None

    async def _described(
        self, model: str, credentials: dict[str, Any], declared: AIModelEntity
    ) -> AIModelEntity | None:
        """Ask the upstream, at the place that the model's option `detail` or the provider's listing names."""
        options = options_of(self.wire, declared.wire, credentials, self.model_type)
        place, name = options.get("detail", self.wire.listing.detail), self.upstream_name(model, credentials)
        listing = family(self.wire.listing.family or self.wire.family)
        models = (self.speaking(options) if "family" in options else listing).models
        if not place or self.model_type not in _SIZED or not isinstance(models, ModelDetailDialect):
            return None
        endpoint = self.endpoint(credentials, options)
        url = endpoint.url(fill(place, {**credentials, "model": name}, in_path))
        request = replace(models.to_show_request(name, endpoint), url=url)
        key = (url, name, hash(frozenset(endpoint.headers.items())))
        told = facts_of(self.transport, "wired.models", _TOLD_FOR)
        try:
            return models.to_model(name, await told.get(key, lambda: self.transport.json(request)))
        except InvokeAuthorizationError:
            raise
        except InvokeError as error:
            self.notices.append(f"{model}: {self._provider_name} could not be asked what it can do ({error})")
            return None

    def _dialect(self, dialect: D | None) -> D:
        if dialect is None:
            raise DeclarationError(f"wire {self.family.name!r} has no {self.model_type.value} models")
        return dialect


class ToldModel(WiredModel):
    """A model other than of language, which can be told what its dialect has a word for."""

    @abstractmethod
    def _told(self, options: Mapping[str, Any]) -> Told:
        """Return the dialect of a model with these options."""

    def takes(self, name: str, model: str, credentials: Mapping[str, Any]) -> bool:
        """Whether the dialect has a word for it, and the model's options do not refuse it."""
        options = self.wire_options(model, credentials)
        return name in self._told(options).takes and name not in options.get("refuse", ())

    def speaks(self, model: str, credentials: Mapping[str, Any]) -> str:
        """Return the name of the dialect that the provider declares for this model."""
        return self._told(self.wire_options(model, credentials)).name
