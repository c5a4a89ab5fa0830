"""Names of models: `provider/model`, or the model alone where only one provider has it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from modelbay.entities import AIModelEntity, ConfigurateMethod, ModelProviderConfiguration, ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.runtime.ports import Catalog

DEFAULT: Final = "default"
"""What means the workspace's own model of the type that is asked for, and can be no route."""


class ModelName(NamedTuple):
    """A model of a provider. The model's own name may contain slashes."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


def resolve_name(catalog: Catalog, name: str, model_type: ModelType) -> ModelName:
    """Return which model `name` means.

    Raises:
        InvokeBadRequestError: No provider has it, or several do; the message lists the choices.
    """
    provider, slash, model = name.partition("/")
    known = [row.provider for row in catalog.providers()]
    if slash and provider in known:
        if not model:
            raise InvokeBadRequestError(f"model {name!r} names a provider but no model: write provider/model")
        return ModelName(provider, model)
    found = catalog.find_model(name, model_type)
    if len(found) == 1:
        return ModelName(found[0].provider, found[0].model)
    if found:
        choices = ", ".join(f"{row.provider}/{row.model}" for row in found)
        raise InvokeBadRequestError(f"several providers have a model {name!r}: choose one of {choices}")
    raise InvokeBadRequestError(_unknown(name, provider if slash else "", known, model_type))


def types_of(models: Iterable[AIModelEntity]) -> dict[str, list[ModelType]]:
    """Return, for each declared model, the types that it is declared for."""
    types: dict[str, list[ModelType]] = {}
    for model in models:
        types.setdefault(model.model, []).append(model.model_type)
    return types


def refuse_another_type(
    types: Mapping[str, Collection[ModelType]], name: ModelName, model_type: ModelType
) -> None:
    """Raise InvokeBadRequestError for a model that is declared, but not for this type."""
    declared = types.get(name.model)
    if declared and model_type not in declared:
        kinds = " and ".join(kind.value for kind in declared)
        raise InvokeBadRequestError(
            f"this is a model of type {kinds}, not {model_type.value}",
            provider=name.provider,
            model=name.model,
        )


def refuse_undeclared(types: Mapping[str, object], provider: ModelProviderConfiguration, model: str) -> None:
    """Raise InvokeBadRequestError for a model that a provider does not declare and nobody can add to it."""
    fixed = set(provider.configurate_methods) == {ConfigurateMethod.PREDEFINED_MODEL}
    if fixed and model not in types and provider.wire is None:
        close = difflib.get_close_matches(model, types, n=1) or sorted(types)
        raise InvokeBadRequestError(
            f"{provider.provider} has no model {model!r}; it has {', '.join(close)}",
            provider=provider.provider,
        )


def _unknown(name: str, provider: str, known: Sequence[str], model_type: ModelType) -> str:
    close = difflib.get_close_matches(provider or name, known, n=1, cutoff=0.7)
    hint = f"did you mean provider {close[0]!r}? " if close else ""
    return (
        f"no provider has a model {name!r} of type {model_type.value}: {hint}"
        f"Write provider/model; the providers are {', '.join(known)}"
    )
