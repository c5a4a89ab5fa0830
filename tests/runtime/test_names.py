"""What the name of a model means, and what is said when it means nothing."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.runtime.names import resolve_name


class Row(NamedTuple):
    provider: str
    model: str = ""
    type: str = "llm"


class Shelf:
    """A catalog of a few names."""

    rows = [
        Row("acme", "chat"),
        Row("acme", "org/chat-2:free"),
        Row("bolt", "chat"),
        Row("bolt", "single"),
        Row("bolt", "vectors", "text-embedding"),
        Row("org", "other"),
    ]

    def provider(self, name: str) -> object:
        raise NotImplementedError

    def declared(self, name: str) -> object:
        raise NotImplementedError

    def providers(self) -> list[Row]:
        return [Row(name) for name in ("acme", "bolt", "org")]

    def find_model(self, name: str, type: str | None = None) -> list[Row]:  # noqa: A002
        return [row for row in self.rows if row.model == name and type in (None, row.type)]


def meant_by(name: str, model_type: ModelType = ModelType.LLM) -> str:
    found = resolve_name(Shelf(), name, model_type)  # type: ignore[arg-type]
    return f"{found.provider} {found.model}"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("acme/chat", "acme chat"),
        ("acme/org/chat-2:free", "acme org/chat-2:free"),
        ("acme/not-declared", "acme not-declared"),
        ("single", "bolt single"),
        ("org/other", "org other"),
        ("org/chat-2:free", "org chat-2:free"),
        ("acme//odd", "acme /odd"),
    ],
)
def test_a_name_is_a_provider_and_a_model_or_an_unambiguous_model(name: str, meant: str) -> None:
    """What stands before the first slash is the provider, if there is one of that name."""
    assert meant_by(name) == meant


def test_a_models_own_slash_is_no_provider() -> None:
    """`meta/llama` is a model where nobody is called `meta`."""

    class OwnSlash(Shelf):
        rows = [Row("acme", "meta/llama")]

    found = resolve_name(OwnSlash(), "meta/llama", ModelType.LLM)  # type: ignore[arg-type]
    assert str(found) == "acme/meta/llama"


def test_a_name_that_several_providers_have_is_refused_with_the_choices() -> None:
    """A silent choice would bill somebody else."""
    with pytest.raises(InvokeBadRequestError, match=r"several .*'chat': choose one of acme/chat, bolt/chat"):
        meant_by("chat")


def test_a_bare_name_counts_only_for_its_type() -> None:
    """The type is known from the call."""
    assert meant_by("vectors", ModelType.TEXT_EMBEDDING) == "bolt vectors"
    with pytest.raises(InvokeBadRequestError, match=r"no provider has a model 'vectors' of type llm"):
        meant_by("vectors")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("acmee/chat", "did you mean provider 'acme'"),
        ("bolt1", "did you mean provider 'bolt'"),
        ("nothing-like-it", "the providers are acme, bolt, org"),
        ("", "the providers are acme, bolt, org"),
        ("acme/", "'acme/' names a provider but no model: write provider/model"),
    ],
)
def test_an_unknown_name_is_refused_with_a_suggestion(name: str, said: str) -> None:
    """The error says what to write instead."""
    with pytest.raises(InvokeBadRequestError, match=said):
        meant_by(name)
