"""The path of a call: name, credentials, plugin; every error with its place and without a key."""

from __future__ import annotations

from typing import Any

import pytest
from tests.runtime.conftest import MakeEngine
from tests.sdk.kit import KEY

from modelbay.entities import ModelType, UserPromptMessage
from modelbay.errors import (
    CredentialsValidateFailedError,
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
)

HELLO = [UserPromptMessage(content="Hello")]


@pytest.mark.parametrize("model", ["chat", "org/chat-2:free", "not-declared"])
async def test_a_model_is_called_by_its_own_name(engine: MakeEngine, model: str) -> None:
    """Slashes and all; a model that nobody declared may exist all the same."""
    result = await engine(acme={"api_key": KEY}).invoke(f"acme/{model}", HELLO)
    assert result.text == f"{model}: Hello"


async def test_missing_credentials_are_named(engine: MakeEngine) -> None:
    """The message says which fields it needs."""
    with pytest.raises(
        InvokeAuthorizationError, match=r"acme/chat: no credentials .* it needs api_key"
    ) as caught:
        await engine().invoke("acme/chat", HELLO)
    assert (caught.value.provider, caught.value.model) == ("acme", "chat")


async def test_a_provider_that_needs_no_credentials_is_called_without(engine: MakeEngine) -> None:
    """The sandbox asks for none."""
    assert (await engine().invoke("sandbox/sandbox-chat", HELLO)).text


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("jina/jina-embeddings-v3", "'jina' has no llm models"),
        ("acme/vectors", "acme/vectors: this is a model of type text-embedding, not llm"),
        ("vectors", "no provider has a model 'vectors' of type llm"),
    ],
)
async def test_a_model_of_another_type_is_refused(engine: MakeEngine, model: str, said: str) -> None:
    """Before anything is sent."""
    with pytest.raises(InvokeBadRequestError, match=said):
        await engine(acme={"api_key": KEY}, jina={"api_key": KEY}).invoke(model, HELLO)


async def test_an_unknown_provider_is_refused(engine: MakeEngine) -> None:
    """Also where only the provider is named."""
    with pytest.raises(InvokeBadRequestError, match=r"no provider 'acmi'. Did you mean acme"):
        await engine().validate_credentials("acmi", {})


async def test_a_plugins_change_to_its_credentials_stays_in_its_call(engine: MakeEngine) -> None:
    """Plugins write into the mapping that they get."""
    credentials = {"api_key": "good"}
    made = engine(acme={"api_key": "good"})
    await made.validate_credentials("acme", credentials)
    await made.validate_credentials("acme")
    await made.validate_credentials("acme")

    assert credentials == {"api_key": "good"}


@pytest.mark.parametrize("model", [None, "chat"])
@pytest.mark.parametrize("given", [True, False])
async def test_a_failed_proof_is_of_one_class_and_shows_no_key(
    engine: MakeEngine, model: str | None, given: bool
) -> None:
    """Whatever a plugin's provider or model raises."""
    credentials = {"api_key": KEY} if given else None
    made = engine(acme={"api_key": KEY})
    with pytest.raises(
        CredentialsValidateFailedError, match=r"acme.*the key \[redacted\] is unknown"
    ) as caught:
        await made.validate_credentials("acme", credentials, model=model)

    assert caught.value.provider == "acme"
    assert KEY not in repr(caught.value.__cause__)


async def test_a_proof_without_credentials_says_what_is_missing(engine: MakeEngine) -> None:
    """There is nothing to prove."""
    with pytest.raises(InvokeAuthorizationError, match=r"it needs api_key"):
        await engine().validate_credentials("acme")


async def test_the_declared_models_stand_in_for_a_list_that_cannot_be_fetched(engine: MakeEngine) -> None:
    """Nothing vanishes because a server is away; but whoever asked is told, in an error of ours."""
    listed = await engine(acme={"api_key": KEY}).fetch_models("acme")

    assert "chat" in [model.model for model in listed]
    assert isinstance(listed.failure, InvokeConnectionError)
    assert str(listed.failure).startswith("acme: ")
    assert "no answer for [redacted]" in str(listed.failure)


async def test_tokens_are_counted_without_credentials(engine: MakeEngine) -> None:
    """Counting is local, unless the plugin says otherwise."""
    count = await engine().count_tokens("acme/chat", HELLO)
    assert (count.tokens, count.method) == (5, "plugin")
    with pytest.raises(InvokeError, match=r"acme/chat: ValueError: cannot count for \[redacted\]"):
        await engine(acme={"api_key": "uncountable"}).count_tokens("acme/chat", HELLO)


async def test_declarations_are_returned(engine: MakeEngine) -> None:
    """None for a model that nobody declares."""
    made = engine()
    schema: Any = await made.schema("acme/chat", ModelType.LLM)
    assert [rule.name for rule in schema.parameter_rules] == ["temperature"]
    assert await made.schema("acme/none", ModelType.LLM) is None


async def test_parameters_that_a_model_lacks_are_refused(engine: MakeEngine) -> None:
    """Unless the engine was told to drop them."""
    with pytest.raises(InvokeBadRequestError, match=r"no parameter 'temp'"):
        await engine(acme={"api_key": KEY}).invoke("acme/chat", HELLO, {"temp": 1})
