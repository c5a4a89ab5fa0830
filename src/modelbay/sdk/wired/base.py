"""What the ready-made models on known wires share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from modelbay.entities import AIModelEntity, ConfigurateMethod, ModelPropertyKey, WireDeclaration
from modelbay.errors import DeclarationError
from modelbay.sdk.model import AIModel
from modelbay.sdk.wired.custom import DEFAULT_TEMPLATES, custom_schema, with_description
from modelbay.sdk.wired.endpoint import endpoint_of, options_of
from modelbay.wires.family import Endpoint, Family, ModelDetailDialect, Told, family

D = TypeVar("D")


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
        name = self.wire.families.get(self.model_type, self.wire.family)
        try:
            return family(name)
        except LookupError as error:
            raise DeclarationError(f"provider {self._provider_name!r}, `wire`: {error}") from None

    def endpoint(self, credentials: Mapping[str, Any]) -> Endpoint:
        """Return where to call and with which headers."""
        return endpoint_of(self.wire, credentials)

    def wire_options(self, model: str, credentials: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the dialect must know to speak to this model."""
        schema = self.get_model_schema(model, credentials)
        return options_of(self.wire, schema.wire if schema else {}, credentials)

    def upstream_name(self, model: str, credentials: Mapping[str, Any]) -> str:
        """Return the upstream's name for the model."""
        name = credentials.get(self.wire.model_name) if self.wire.model_name else None
        return str(name or model)

    async def get_customizable_model_schema(self, model: str, credentials: dict[str, Any]) -> AIModelEntity:
        """Declare a model that no YAML declares: like its base, or from the provider's template.

        What the form leaves open the upstream is asked, where the provider and its dialect provide for that.
        """
        if schema := self._like_its_base(model):
            return schema
        template = self.wire.custom.get(self.model_type, DEFAULT_TEMPLATES.get(self.model_type, {}))
        declared = custom_schema(model, self.model_type, template, credentials)
        if ModelPropertyKey.CONTEXT_SIZE in declared.model_properties:
            return declared
        described = await self._described(model, credentials)
        return with_description(declared, described) if described else declared

    def _like_its_base(self, model: str) -> AIModelEntity | None:
        """Declare a fine-tuned model, `ft:<base>:…`, like its base."""
        if not model.startswith("ft:"):
            return None
        base = model.split(":")[1]
        found = self._declared(base)
        # What a fine-tuned model costs is another price, which nobody declared.
        return found.model_copy(update={"model": model, "pricing": None}) if found else None

    async def _described(self, model: str, credentials: dict[str, Any]) -> AIModelEntity | None:
        schema, models = self.provider_schema, self.family.models
        if schema is None or ConfigurateMethod.FETCH_FROM_REMOTE not in schema.configurate_methods:
            return None
        if not isinstance(models, ModelDetailDialect):
            return None
        request = models.to_show_request(self.upstream_name(model, credentials), self.endpoint(credentials))
        return models.to_model(model, await self.transport.json(request))

    def _dialect(self, dialect: D | None) -> D:
        if dialect is None:
            raise DeclarationError(f"wire {self.family.name!r} has no {self.model_type.value} models")
        return dialect


class ToldModel(WiredModel):
    """A model other than of language, which can be told what its dialect has a word for."""

    @abstractmethod
    def _told(self) -> Told:
        """Return the dialect."""

    def takes(self, name: str, model: str, credentials: Mapping[str, Any]) -> bool:
        """Whether the dialect has a word for it, and the model's options do not refuse it."""
        return name in self._told().takes and name not in self.wire_options(model, credentials).get(
            "refuse", ()
        )

    def speaks(self, model: str, credentials: Mapping[str, Any]) -> str:
        """Return the name of the dialect that the provider declares."""
        return self._told().name
