"""Which models a client means: `provider/model`, a route, a bare name, or `default`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError, InvokeError
from modelbay.runtime.accounts import Caller
from modelbay.runtime.names import ModelName, resolve_name
from modelbay.runtime.needs import needs_credentials
from modelbay.runtime.ports import Catalog, CredentialSource

DEFAULT = "default"


class UnknownModelError(InvokeBadRequestError):
    """No model of that name can be called with this key."""

    def __init__(self, description: str) -> None:
        super().__init__(description, status=404, code="model_not_found")


@dataclass(frozen=True, slots=True)
class Names:
    """Names that the installation gives: `routes` to ordered models, `defaults` to one model per type."""

    routes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


class Choices:
    """Resolves the names that clients write. Answers are kept: the same name costs one look-up."""

    def __init__(self, catalog: Catalog, credentials: CredentialSource, names: Names) -> None:
        self._catalog = catalog
        self._credentials = credentials
        self._names = names
        self._known: dict[tuple[str, ModelType, tuple[str, ...]], tuple[ModelName, ...]] = {}

    def of(self, name: str, model_type: ModelType, caller: Caller) -> tuple[ModelName, ...]:
        """Return the models to try, in order; never none.

        Raises:
            UnknownModelError: The name means nothing, several models, or none that the key opens.
        """
        key = (name, model_type, caller.models)
        found = self._known.get(key)
        if found is None:
            found = self._resolve(name, model_type, caller)
            if len(self._known) > 10_000:  # names come from clients
                self._known.clear()
            self._known[key] = found
        return found

    def _resolve(self, name: str, model_type: ModelType, caller: Caller) -> tuple[ModelName, ...]:
        if name in self._names.routes:
            found = tuple(self._one(each, model_type) for each in self._names.routes[name])
            if opens(caller, name):
                return found
        elif name == DEFAULT:
            found = (self._one(self._default(model_type), model_type),)
        else:
            found = (self._one(name, model_type),)
        allowed = tuple(each for each in found if opens(caller, str(each)))
        if not allowed:
            raise UnknownModelError(f"model: this key does not open {name!r}")
        return allowed

    def _default(self, model_type: ModelType) -> str:
        model = self._names.defaults.get(model_type.value)
        if model is None:
            raise UnknownModelError(
                f"model: there is no default {model_type.value} model; name one under `defaults` in the "
                "gateway's settings, or write provider/model"
            )
        return model

    def _one(self, name: str, model_type: ModelType) -> ModelName:
        usable = self._usable(name, model_type)
        if len(usable) == 1:
            return usable[0]
        try:
            return resolve_name(self._catalog, name, model_type)
        except InvokeBadRequestError as error:
            raise UnknownModelError(f"model: {error.description}") from None

    def _usable(self, name: str, model_type: ModelType) -> list[ModelName]:
        """Return the models of that bare name whose providers have credentials."""
        return [
            ModelName(row.provider, row.model)
            for row in self._catalog.find_model(name, model_type)
            if self.has_credentials(row.provider)
        ]

    def has_credentials(
        self, provider: str, model: str | None = None, model_type: ModelType | None = None
    ) -> bool:
        """Whether calls of a provider, or of one of its models, can be made."""
        declared = self._catalog.declared(provider)
        if not needs_credentials(declared):
            return True
        try:
            return self._credentials.credentials(declared, model, model_type) is not None
        except InvokeError:  # switched off, removed, unreadable
            return False

    def routes(self, caller: Caller) -> Iterable[str]:
        """Return the names of routes and defaults that a key may use."""
        return [name for name in self._names.routes if opens(caller, name)]


def opens(caller: Caller, name: str) -> bool:
    """Whether a key opens a model or a route of that name."""
    return not caller.models or any(fnmatchcase(name, pattern) for pattern in caller.models)
