"""Which provider shows what Modelbay can do: the first that is usable here, and why it is that one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from modelbay.catalog import Catalog, ModelSummary
from modelbay.cli.credentials import how_to_set, missing_fields, provider_of, variables_set
from modelbay.cli.errors import Mistake
from modelbay.entities import ConfigurateMethod, ModelProviderConfiguration, ModelType
from modelbay.errors import ModelbayError

# The library is imported where something is called: the gateway asks only what to show at its start.
if TYPE_CHECKING:
    from modelbay import Modelbay
    from modelbay.cli.local_servers import Found, LocalServer

SANDBOX = "sandbox"
FIRST = "openai"  # asked before the others: its variables are the ones that most people have set
TYPES = (
    ModelType.LLM,
    ModelType.TEXT_EMBEDDING,
    ModelType.RERANK,
    ModelType.TTS,
    ModelType.SPEECH2TEXT,
    ModelType.MODERATION,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider, why it was chosen, and which of its models serves each type.

    `credentials` are explicit ones (of a local server); without them those of the environment count.
    """

    provider: str
    reason: str
    models: Mapping[ModelType, str]
    credentials: Mapping[str, dict[str, Any]] | None = field(default=None, repr=False)

    @property
    def language_model(self) -> str:
        """The language model, as `provider/model`."""
        return f"{self.provider}/{self.models[ModelType.LLM]}"

    def open_bay(self) -> Modelbay:
        """Return a Modelbay that can call the models; a local server is called past any proxy."""
        from modelbay import Modelbay, TransportSettings

        settings = TransportSettings(trust_env=False) if self.credentials else None
        return Modelbay(self.credentials, transport=settings)


def choose(
    provider: str | None = None,
    model: str | None = None,
    *,
    servers: Sequence[LocalServer] | None = None,
    catalog: Catalog | None = None,
) -> Choice:
    """Return the provider to show.

    Args:
        provider: The one that was asked for.
        model: The language model that was asked for, alone or as `provider/model`.
        servers: Where to look for a server on this machine; without it, where the usual ones are.

    Raises:
        Mistake: The one asked for is not usable.
    """
    catalog = catalog or Catalog()
    if servers is None:
        from modelbay.cli.local_servers import LOCAL_SERVERS

        servers = LOCAL_SERVERS
    if model and not provider:
        provider = _provider_of(model, catalog)
    choice = _asked_for(catalog, provider, servers) if provider else _first_usable(catalog, servers)
    if model:
        name = model.removeprefix(f"{choice.provider}/")
        return replace(choice, models={**choice.models, ModelType.LLM: name})
    return choice


def _provider_of(model: str, catalog: Catalog) -> str | None:
    found = provider_of(model, catalog, ModelType.LLM)
    if not found:
        raise Mistake(
            f"--model: {model!r} does not say which provider: write provider/model, or add --provider"
        )
    return found


def _first_usable(catalog: Catalog, servers: Sequence[LocalServer]) -> Choice:
    for name in sorted((row.provider for row in catalog.providers()), key=lambda name: name != FIRST):
        if name != SANDBOX and (choice := _from_environment(catalog, name)):
            return choice
    if found := _found(servers):
        return _local(found)
    looked = "no server answered on this machine" if servers else "no server was looked for"
    return replace(
        sandbox(catalog), reason=f"no provider's key is in the environment and {looked}; it needs neither"
    )


def _asked_for(catalog: Catalog, provider: str, servers: Sequence[LocalServer]) -> Choice:
    catalog.declared(provider)  # raises for an unknown name
    if provider == SANDBOX:
        return replace(sandbox(catalog), reason="asked for")
    if choice := _from_environment(catalog, provider):
        return replace(choice, reason=f"asked for; {choice.reason}")
    if found := _found([server for server in servers if server.provider == provider]):
        return _local(found)
    raise Mistake(f"--provider: {provider} is not usable here{how_to_set(provider)}")


def _found(servers: Sequence[LocalServer]) -> Found | None:
    if not servers:
        return None
    from modelbay.cli.local_servers import find_local

    return find_local(servers)


def sandbox(catalog: Catalog) -> Choice:
    """Return the sandbox with its models."""
    return Choice(SANDBOX, "", declared_models(catalog.models(provider=SANDBOX)))


def _local(found: Found) -> Choice:
    server = found.server
    reason = f"{server.name} answered at {server.url}"
    return Choice(server.provider, reason, found.models, {server.provider: server.credentials})


def _from_environment(catalog: Catalog, name: str) -> Choice | None:
    """Return a provider whose required credentials the environment holds, and that has a language model."""
    declared = catalog.declared(name)
    variables = variables_set(declared)
    if not variables or missing_fields(declared, variables):
        return None
    reason = f"{' and '.join(variables.values())} found in the environment"
    models = declared_models(catalog.models(provider=name))
    own = Choice(name, reason, models) if ModelType.LLM in models else None
    return (_fetched(catalog, declared, reason) or own) if _must_be_asked(declared, variables) else own


def _must_be_asked(declared: ModelProviderConfiguration, variables: Mapping[str, str]) -> bool:
    """Whether only the server knows its models: always, or because the environment names another address."""
    asked = ConfigurateMethod.PREDEFINED_MODEL not in declared.configurate_methods
    return asked or bool(declared.wire and declared.wire.address.credential in variables)


def _fetched(catalog: Catalog, declared: ModelProviderConfiguration, reason: str) -> Choice | None:
    """Return what the server itself has, if it can be asked; of declared models the one we would choose."""
    from modelbay import Modelbay
    from modelbay.cli.local_servers import by_type

    try:
        with Modelbay() as bay:
            listed = bay.fetch_models(declared.provider)
    except ModelbayError:
        return None
    if listed.failure:
        return None
    served = by_type(listed)
    names = {name for of_type in served.values() for name in of_type}
    firsts = {kind: of_type[0] for kind, of_type in served.items() if kind in declared.supported_model_types}
    known = [row for row in catalog.models(provider=declared.provider) if row.model in names]
    models = {**firsts, **declared_models(known)}
    return Choice(declared.provider, reason, models) if ModelType.LLM in models else None


def declared_models(rows: Sequence[ModelSummary]) -> dict[ModelType, str]:
    """Return one declared model for each type: the cheapest, of language models one that calls tools.

    A deprecated one serves where there is no other.
    """
    chosen: dict[ModelType, str] = {}
    for kind in TYPES:
        own = [row for row in rows if row.type == kind.value]
        if current := [row for row in own if not row.deprecated] or own:
            chosen[kind] = min(current, key=_cost).model
    return chosen


def _cost(row: ModelSummary) -> tuple[bool, bool, Decimal]:
    price = row.price
    amount = (price.input + (price.output or 0)) * price.unit if price else Decimal(0)
    return row.type == "llm" and "tool-call" not in row.features, price is None, amount
