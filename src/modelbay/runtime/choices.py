"""Which models a client means: `provider/model`, a route, a bare name, or `default`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from modelbay.entities import ModelType, PriceConfig
from modelbay.errors import InvokeBadRequestError, InvokeError
from modelbay.runtime.accounts import Caller
from modelbay.runtime.balancing import Candidates, SharedCredentials
from modelbay.runtime.names import DEFAULT, ModelName, resolve_name
from modelbay.runtime.needs import needs_credentials
from modelbay.runtime.ports import Catalog
from modelbay.runtime.routing import Figures, Planned, Route, RouteStrategy, Step
from modelbay.runtime.scopes import KeyScopeError, Scope, check_type
from modelbay.runtime.trying import Balancer, Trying

Priced = Callable[[ModelName, ModelType, PriceConfig | None], PriceConfig | None]
_BY_FIGURES = frozenset({RouteStrategy.CHEAPEST, RouteStrategy.FASTEST})
_MOST = 10_000  # names and models that are remembered: clients make them up


class UnknownModelError(InvokeBadRequestError):
    """No model of that name can be called with this key."""

    def __init__(self, description: str) -> None:
        super().__init__(description, status=404, code="model_not_found")


@dataclass(frozen=True, slots=True)
class Names:
    """Names that are given: `routes` to several models, `defaults` to one model per type."""

    routes: Mapping[str, Route] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    def under(self, routes: Mapping[str, Route], defaults: Mapping[str, str]) -> Names:
        """Return these names, where a workspace has no names of its own."""
        return Names({**self.routes, **routes}, {**self.defaults, **defaults})


class Chosen(NamedTuple):
    """What a name means: models, in the order in which they were named; never none."""

    planned: tuple[Planned, ...]
    route: Route | None = None


class Choices:
    """Resolves the names that clients write. Answers are kept: the same name costs one look-up."""

    def __init__(
        self,
        catalog: Catalog,
        credentials: SharedCredentials,
        names: Names,
        *,
        workspace: str,
        balancer: Balancer,
        figures: Callable[[str], Figures],
        priced: Priced,
    ) -> None:
        """Resolve the names of a workspace.

        Args:
            figures: Returns what is known of the calls of a workspace, without waiting.
            priced: Returns what a model costs now that declares something, or nothing.
        """
        self._catalog = catalog
        self._credentials = credentials
        self._names = names
        self._workspace = workspace
        self._balancer = balancer
        self._figures = figures
        self._priced = priced
        self._known: dict[tuple[str, ModelType, tuple[Scope, ...]], Chosen] = {}
        self._shared: dict[tuple[ModelName, ModelType], Candidates] = {}

    def of(self, name: str, model_type: ModelType, caller: Caller) -> Chosen:
        """Return what a name means to a caller.

        Raises:
            UnknownModelError: The name means nothing, several models, or none that the key opens.
            KeyScopeError: The key opens no models of this type.
        """
        key = (name, model_type, caller.scopes)
        found = self._known.get(key)
        if found is None:
            found = self._resolve(name, model_type, caller)
            if len(self._known) > _MOST:
                self._known.clear()
            self._known[key] = found
        return found

    def trying(self, chosen: Chosen, model_type: ModelType) -> Trying:
        """Return the attempts of one call, in the order that holds for it."""
        planned: Sequence[Planned] = chosen.planned
        route = chosen.route
        if route is not None and len(planned) > 1:
            figures = self._figures(self._workspace) if route.strategy in _BY_FIGURES else {}
            ordering = self._balancer.ordering
            planned = ordering.order(self._workspace, route, planned, model_type, figures, self.pricing)
        return Trying(self._workspace, planned, model_type, self.candidates, self._balancer)

    def candidates(self, name: ModelName, model_type: ModelType) -> Candidates:
        """Return the credentials with which a model may be called.

        Raises:
            InvokeError: There are none, and why.
        """
        key = (name, model_type)
        found = self._shared.get(key)
        if found is None:
            declared = self._catalog.declared(name.provider)
            found = self._credentials.candidates(declared, name.model, model_type)
            if len(self._shared) > _MOST:
                self._shared.clear()
            self._shared[key] = found
        return found

    def pricing(self, name: ModelName, model_type: ModelType) -> PriceConfig | None:
        """Return what a model costs now, if that is known."""
        declared = self._catalog.provider(name.provider).models
        found = (each for each in declared if each.model == name.model and each.model_type is model_type)
        first = next(found, None)
        return self._priced(name, model_type, first.pricing if first else None)

    def _resolve(self, name: str, model_type: ModelType, caller: Caller) -> Chosen:
        check_type(caller.scopes, model_type.value, caller.key_id)
        route = self._names.routes.get(name)
        if route is not None:
            return self._of_route(route, model_type, caller)
        found = self._one(self._default(model_type) if name == DEFAULT else name, model_type)
        if not opens(caller, str(found)):
            raise UnknownModelError(f"model: this key does not open {name!r}")
        return Chosen((Planned(found, Step(str(found))),))

    def _of_route(self, route: Route, model_type: ModelType, caller: Caller) -> Chosen:
        if route.model_type not in (None, model_type):
            raise UnknownModelError(
                f"model: the route {route.name!r} is over models of type {route.model_type}, not {model_type}"
            )
        planned = tuple(Planned(self._one(step.model, model_type), step) for step in route.steps)
        # A key that names a route opens all that it leads to.
        planned = tuple(each for each in planned if opens(caller, str(each.name), route.name))
        if not planned:
            raise UnknownModelError(f"model: this key does not open {route.name!r}")
        return Chosen(planned, route)

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

    def routes(self, caller: Caller, types: Iterable[ModelType] | None = None) -> Iterable[str]:
        """Return the names of routes that a key may use: where `types` are given, to models of these."""
        named = [name for name in self._names.routes if opens(caller, name)]
        if types is None:
            return named
        return [name for name in named if any(self._leads(name, kind, caller) for kind in types)]

    def _leads(self, name: str, model_type: ModelType, caller: Caller) -> bool:
        try:
            planned = self.of(name, model_type, caller).planned
            return any(self._is_of(each.name, model_type) for each in planned)
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
