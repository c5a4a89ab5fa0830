"""Calls that are polled for, declarations of models that no YAML declares, and the proof of credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from tests.sdk.kit import HELLO, KEY, PRICES, Talker, declared, make, whole

from modelbay.entities import (
    AIModelEntity,
    LLMMode,
    LLMPollingResult,
    LLMPollingStatus,
    ModelType,
    PriceType,
)
from modelbay.errors import (
    CredentialsValidateFailedError,
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
)
from modelbay.sdk import LargeLanguageModel, ModelProvider


class Polled(Talker):
    """Answers at the second look."""

    def _invoke(self, *_: Any) -> Any:
        return whole()

    def _start_polling(self, *args: Any, **named: Any) -> LLMPollingResult:
        self.started = (args, named)
        return LLMPollingResult(status=LLMPollingStatus.RUNNING, plugin_state={"id": 7})

    async def _check_polling(
        self, model: str, credentials: dict[str, Any], plugin_state: dict[str, Any], user: str | None = None
    ) -> dict[str, Any]:
        if plugin_state["id"] != 7:
            raise ConnectionResetError("gone")
        return {"status": "succeeded", "result": whole("at last")}


POLLED: dict[str, Any] = {"features": ["polling"], "parameter_rules": ["temperature"]}


async def test_an_answer_is_polled_for() -> None:
    """The state goes back to the plugin as it came, in whatever process that may be."""
    started = await make(Polled, **POLLED).start_polling("m", {}, HELLO, {"temperature": 1}, json_schema="{}")
    done = await make(Polled, **POLLED).check_polling("m", {}, started.plugin_state)

    assert started.status is LLMPollingStatus.RUNNING
    assert done.result.text == "at last"


async def test_polling_gets_checked_parameters() -> None:
    """As any other call."""
    model = make(Polled, **POLLED)
    await model.start_polling(
        "m", {"api_key": "k"}, HELLO, {"temperature": 1, "other": 2}, None, ["END"], "u"
    )
    args, named = model.started

    assert args == ("m", {"api_key": "k"}, HELLO, {"temperature": 1}, None, ["END"], False, "u")
    assert named == {"json_schema": None}
    with pytest.raises(InvokeBadRequestError, match="'temperature' is 5"):
        await make(Polled, **POLLED).start_polling("m", {}, HELLO, {"temperature": 5})


async def test_errors_while_polling_are_mapped() -> None:
    """As any other."""
    model = make(Polled, **POLLED)
    with pytest.raises(InvokeConnectionError, match=r"acme/m.*gone"):
        await model.check_polling("m", {}, {"id": 8})
    assert model.started_at == 0


@pytest.mark.parametrize(("kind", "features"), [(Polled, []), (Talker, ["polling"])])
async def test_a_model_is_polled_only_if_declared_and_written(
    kind: type[LargeLanguageModel], features: list[str]
) -> None:
    """One without the other is a plugin's mistake, or another model's feature."""

    class Whole(kind):  # type: ignore[misc, valid-type]
        def _invoke(self, *_: Any) -> Any:
            return whole()

    model = make(Whole, features=features)
    assert not model.supports_polling("m")
    with pytest.raises(NotImplementedError, match="m does not answer by polling"):
        await model.start_polling("m", {}, HELLO)
    with pytest.raises(NotImplementedError, match="m does not answer by polling"):
        await model.check_polling("m", {}, {})


class Custom(Talker):
    """Declares any model whose credentials give a size; counts how often it is asked."""

    asked = 0

    def _invoke(self, *_: Any) -> Any:
        return whole()

    def get_customizable_model_schema(self, model: str, credentials: dict[str, Any]) -> AIModelEntity | None:
        self.asked += 1
        credentials["changed"] = True
        if "size" not in credentials:
            return None
        return declared(Custom, {"context_size": credentials["size"]}, model=model, pricing=PRICES)


class AskingCustom(Custom):
    async def get_customizable_model_schema(  # type: ignore[override]
        self, model: str, credentials: dict[str, Any]
    ) -> AIModelEntity | None:
        return super().get_customizable_model_schema(model, credentials)


@pytest.mark.parametrize("kind", [Custom, AskingCustom])
async def test_a_custom_model_is_asked_for_once_a_call(kind: type[Custom]) -> None:
    """Some plugins ask their server; prices and rules need the answer several times."""
    model = make(kind)
    credentials = {"size": 4096}
    result = await model.invoke("mine", credentials, HELLO)

    assert result.usage.total_price == Decimal("0.026")
    assert model._get_context_size("mine", credentials) == 4096
    assert model.asked == 1
    assert credentials == {"size": 4096}


async def test_a_declared_model_is_never_asked_for() -> None:
    """The declaration counts."""
    model = make(Custom, {"context_size": 10})
    await model.invoke("m", {"size": 4096}, HELLO)
    assert (model._get_context_size("m", {"size": 4096}), model.asked) == (10, 0)


def test_an_unknown_model_without_credentials_has_no_declaration() -> None:
    """Trap 42 of the plugin format."""
    model = make(Custom)
    assert model.get_model_schema("other") is None
    assert model.get_model_schema("other", {}) is None
    assert model.get_model_schema("other", {"size": 5}).property_of("context_size") == 5
    assert model.get_parameter_rules("another", {}) == []
    assert model.asked == 1


def test_a_model_object_without_declarations_can_be_made() -> None:
    """Plugins construct their own models without arguments."""
    model = Custom()
    assert model.predefined_models() == []
    assert model.get_price("m", {}, PriceType.INPUT, 5).total_amount is None


def test_only_declarations_of_its_type_belong_to_a_model() -> None:
    """The host passes those of all types."""
    other = AIModelEntity(model="e", model_type=ModelType.TEXT_EMBEDDING, label={"en_US": "e"})
    assert [schema.model for schema in Custom([declared(Custom), other]).predefined_models()] == ["m"]


def test_the_mode_is_chat_unless_declared() -> None:
    """Completion models get one text."""
    assert make(Custom).get_model_mode("m") is LLMMode.CHAT
    assert make(Custom, {"mode": "completion"}).get_model_mode("m") is LLMMode.COMPLETION
    with pytest.raises(ValueError, match="dialogue"):
        make(Custom, {"mode": "dialogue"}).get_model_mode("m")


def test_what_plugins_calculate_with() -> None:
    """The helpers of the plugin format keep their names and meanings."""
    model = make(Custom, pricing=PRICES)
    with model.timing_context():
        usage = model._calc_response_usage("m", {}, 7, 3)

    assert (usage.total_price, usage.total_tokens) == (Decimal("0.026"), 10)
    assert 0 < usage.latency < 60
    assert model._calc_response_usage("m", {}, 7, 3).latency == 0
    assert model.enforce_stop_tokens("a.b", ["."]) == "a"
    assert model._wrap_thinking_by_reasoning_content({"reasoning": "r"}, False) == ("<think>\nr", True)
    mapped = model._transform_invoke_error(ValueError("odd"))
    assert (type(mapped), str(mapped)) == (InvokeError, "acme: ValueError: odd")


# credentials


class Checked(Custom):
    error: Exception | None = None

    @property
    def _invoke_error_mapping(self) -> Mapping[type[InvokeError], Sequence[type[Exception]]]:
        return {InvokeAuthorizationError: [PermissionError]}

    def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"bad {KEY}"),
        PermissionError(f"bad {KEY}"),
        CredentialsValidateFailedError(f"bad {KEY}"),
        InvokeRateLimitError(f"bad {KEY}", status=429, retry_after=3, request_id="r"),
    ],
)
async def test_every_failure_to_prove_credentials_is_of_one_class(error: Exception) -> None:
    """With the provider's words, status and all, and without the key."""
    model = make(Checked)
    model.error = error
    with pytest.raises(CredentialsValidateFailedError, match=r"acme/m: .*bad \[redacted\]") as caught:
        await model.check_credentials("m", {"api_key": KEY})

    assert caught.value.status == getattr(error, "status", None)
    assert caught.value.retry_after == getattr(error, "retry_after", None)


async def test_good_credentials_raise_nothing() -> None:
    """No answer is the good answer."""
    assert await make(Checked).check_credentials("m", {}) is None


def test_a_provider_lists_the_models_of_the_types_that_it_supports() -> None:
    """A type that is not declared has none, whatever files there are."""

    class Provider(ModelProvider):
        def validate_provider_credentials(self, credentials: dict[str, Any]) -> None:
            return None

    from tests.sdk.kit import provider_entity

    schema = provider_entity()
    embedding = AIModelEntity.model_validate({"model": "e", "model_type": "text-embedding"})
    schema.models = [declared(Custom), embedding]
    made: list[ModelType] = []
    provider = Provider(schema, lambda kind: made.append(kind) or Custom())  # type: ignore[func-returns-value]

    assert [model.model for model in provider.models(ModelType.LLM)] == ["m"]
    assert provider.models(ModelType.TEXT_EMBEDDING) == []
    assert isinstance(provider.get_model_instance(ModelType.LLM), Custom)
    assert provider.get_provider_schema() is schema
