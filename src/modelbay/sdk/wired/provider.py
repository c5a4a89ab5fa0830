"""A provider on a known wire."""

from __future__ import annotations

from typing import Any

from modelbay.entities import AIModelEntity, ModelType, WireDeclaration
from modelbay.errors import DeclarationError
from modelbay.sdk.mapping import ErrorBoundary
from modelbay.sdk.model import validating
from modelbay.sdk.provider import ModelProvider
from modelbay.sdk.wired.endpoint import endpoint_of
from modelbay.wires.family import family
from modelbay.wires.request import Request


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
            await transport.send(
                Request(method=method, url=endpoint.url(path), headers=endpoint.headers, idempotent=True)
            )

    async def _check_by_first_model(self, credentials: dict[str, Any]) -> None:
        for model_type in self.provider_schema.supported_model_types:
            if declared := self.models(ModelType(model_type)):
                instance = self.get_model_instance(ModelType(model_type))
                await instance.check_credentials(declared[0].model, credentials)
                return

    async def fetch_models(self, credentials: dict[str, Any]) -> list[AIModelEntity]:
        """Return the models that the upstream itself lists."""
        dialect = family(self.wire.family).models
        if dialect is None:
            return []
        transport = self.model_factory(self.provider_schema.supported_model_types[0]).transport
        return dialect.to_models(
            await transport.json(dialect.to_request(endpoint_of(self.wire, credentials)))
        )
