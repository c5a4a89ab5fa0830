"""The host of the built-in providers: their code runs in this process."""

from __future__ import annotations

import copy
import threading

from modelbay.entities import ModelProviderConfiguration, ModelType
from modelbay.errors import DeclarationError, InvokeBadRequestError
from modelbay.hosts.host import ProviderCode, TransportOf
from modelbay.hosts.loading import LoadedPlugin, load
from modelbay.sdk import AIModel, ModelProvider
from modelbay.wires.transport import Transport


class InProcessHost:
    """Loads a plugin's Python at its first use and makes a fresh model object per call."""

    def __init__(self, transport: Transport) -> None:
        self._transport_of: TransportOf = lambda _: transport
        self._loaded: dict[str, LoadedPlugin] = {}
        self._lock = threading.Lock()

    def through(self, transport_of: TransportOf) -> InProcessHost:
        """Return the same host for those whose calls take other ways; what is loaded is loaded once."""
        other = copy.copy(self)
        other._transport_of = transport_of
        return other

    def provider(self, code: ProviderCode) -> ModelProvider:
        """Return the plugin's provider object."""

        def fresh(model_type: ModelType) -> AIModel:
            return self.model(code, model_type)

        return self._load(code).provider_class(_with_models(code), fresh)

    def model(self, code: ProviderCode, model_type: ModelType) -> AIModel:
        """Return a fresh model object; InvokeBadRequestError if the provider has none of that type."""
        model_class = self._load(code).model_classes.get(model_type)
        if model_class is None:
            raise InvokeBadRequestError(
                f"provider {code.provider.provider!r} has no {model_type.value} models",
                provider=code.provider.provider,
            )
        try:
            instance = model_class(code.models)
        except Exception as error:
            name = f"{model_class.__name__} of {model_class.__module__}"
            raise DeclarationError(f"{code.folder}: {name} cannot be made: {error}") from error
        instance.provider_schema = code.provider
        instance.transport = self._transport_of(code.provider.provider)
        return instance

    def _load(self, code: ProviderCode) -> LoadedPlugin:
        name = str(code.folder)
        loaded = self._loaded.get(name)
        if loaded is None:
            with self._lock:
                loaded = self._loaded.get(name) or load(code)
                self._loaded[name] = loaded
        return loaded


def _with_models(code: ProviderCode) -> ModelProviderConfiguration:
    return code.provider.model_copy(update={"models": list(code.models)})
