"""What a provider's own class is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from modelbay.entities import AIModelEntity, ModelType, ProviderEntity

if TYPE_CHECKING:
    from modelbay.sdk.model import AIModel

ModelFactory = Callable[[ModelType], "AIModel"]
"""Makes a fresh model object of a type; KeyError if the provider has none of that type."""


class ModelProvider(ABC):
    """A provider: it proves credentials and knows its declaration."""

    def __init__(self, provider_schemas: ProviderEntity, model_factory: ModelFactory) -> None:
        self.provider_schema = provider_schemas
        self.model_factory = model_factory

    @abstractmethod
    def validate_provider_credentials(self, credentials: dict[str, Any]) -> Any:
        """Prove the credentials with the cheapest request; may be async.

        Args:
            credentials: The fields of the provider's credential form. The method may change the dict, for
                instance to add what it found out; the changed dict is what gets saved.

        Raises:
            CredentialsValidateFailedError: They do not work; the message has the provider's own words.
        """

    async def fetch_models(self, credentials: dict[str, Any]) -> list[AIModelEntity]:
        """Return the models that the upstream itself lists; none for a provider that cannot be asked."""
        return []

    def get_provider_schema(self) -> ProviderEntity:
        """Return what the plugin declares of the provider."""
        return self.provider_schema

    def models(self, model_type: ModelType) -> list[AIModelEntity]:
        """Return the declared models of a type."""
        if model_type not in self.provider_schema.supported_model_types:
            return []
        return [model for model in self.provider_schema.models if model.model_type is model_type]

    def get_model_instance(self, model_type: ModelType) -> AIModel:
        """Return a fresh model object of that type; KeyError if the provider has none."""
        return self.model_factory(model_type)
