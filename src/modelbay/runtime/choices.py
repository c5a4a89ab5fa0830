"""Which models a client means: `provider/model`, a route, a bare name, or `default`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.runtime.accounts import Caller
from modelbay.runtime.names import ModelName, resolve_name
from modelbay.runtime.needs import needs_credentials
from modelbay.runtime.ports import Catalog, CredentialSource
from modelbay.runtime.scopes import KeyScopeError, Scope, check_type

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
        self._known: dict[tuple[str, ModelType, tuple[Scope, ...]], tuple[ModelName, ...]] = {}

    def of(self, name: str, model_type: ModelType, caller: Caller) -> tuple[ModelName, ...]:
        """Return the models to try, in order; never none.

        Raises:
            UnknownModelError: The name means nothing, several models, or none that the key opens.
            KeyScopeError: The key opens no models of this type.
        """
        key = (name, model_type, caller.scopes)
        found = self._known.get(key)
        if found is None:
            found = self._resolve(name, model_type, caller)
            if len(self._known) > 10_000:  # names come from clients
                self._known.clear()
            self._known[key] = found
        return found

    def _resolve(self, name: str, model_type: ModelType, caller: Caller) -> tuple[ModelName, ...]:
        check_type(caller.scopes, model_type.value, caller.key_id)
        route = self._names.routes.get(name)
        if route is not None:
            found = tuple(self._one(each, model_type) for each in route)
        elif name == DEFAULT:
            found = (self._one(self._default(model_type), model_type),)
        else:
            found = (self._one(name, model_type),)
        also = () if route is None else (name,)  # a key that names a route opens all that it leads to
        allowed = tuple(each for each in found if opens(caller, str(each), *also))
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

    def has_credentials(self, provider: str) -> bool:
        """Whether calls of a provider can be made."""
        declared = self._catalog.declared(provider)
        if not needs_credentials(declared):
            return True
        return self._credentials.credentials(declared, None, None) is not None

    def routes(self, caller: Caller, types: Iterable[ModelType] | None = None) -> Iterable[str]:
        """Return the names of routes that a key may use: where `types` are given, to models of these."""
        named = [name for name in self._names.routes if opens(caller, name)]
        if types is None:
            return named
        return [name for name in named if any(self._leads(name, kind, caller) for kind in types)]

    def _leads(self, name: str, model_type: ModelType, caller: Caller) -> bool:
        try:
            return any(self._is_of(each, model_type) for each in self.of(name, model_type, caller))
        except (UnknownModelError, KeyScopeError):
            return False

    def _is_of(self, name: ModelName, model_type: ModelType) -> bool:
        """Whether a model is declared for a type, or is one that nothing is declared of."""
        declared, fitting = (
            any(row.provider == name.provider for row in self._catalog.find_model(name.model, kind))
            for kind in (None, model_type)
        )
        return fitting or not declared


def opens(caller: Caller, *names: str) -> bool:
    """Whether a key opens a model or a route by any of its names."""
    return all(scope.opens_model(*names) for scope in caller.scopes)
