"""What a host is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from modelbay.entities import AIModelEntity, ModelProviderConfiguration, ModelType
from modelbay.sdk import AIModel, ModelProvider
from modelbay.wires.transport import Transport


@dataclass(frozen=True, slots=True)
class ProviderCode:
    """A plugin as a host needs it: its folder, its provider's declaration and its models'."""

    folder: Path
    provider: ModelProviderConfiguration
    models: tuple[AIModelEntity, ...]


TransportOf = Callable[[str], Transport]
"""Returns the way to a provider, by its name, for one call."""


class Host(Protocol):
    """Runs plugins: hands out their provider and model objects, ready to call."""

    def provider(self, code: ProviderCode) -> ModelProvider:
        """Return the plugin's provider."""
        ...

    def model(self, code: ProviderCode, model_type: ModelType) -> AIModel:
        """Return a fresh model object for one call; InvokeBadRequestError if there is none of that type."""
        ...

    def through(self, transport_of: TransportOf) -> Host:
        """Return the same host for those whose calls take other ways; what is loaded is loaded once."""
        ...
