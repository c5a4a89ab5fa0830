"""Declarations: templates, labels, both language spellings, polling results."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from modelbay.entities import (
    PARAMETER_RULE_TEMPLATE,
    AIModelEntity,
    CredentialFormSchema,
    Credentials,
    I18nObject,
    LLMPollingResult,
    LLMResult,
    ModelProviderConfiguration,
    ParameterRule,
    PriceConfig,
)


@pytest.mark.parametrize("name", [template.value for template in PARAMETER_RULE_TEMPLATE])
def test_a_rule_named_alone_is_its_template(name: str) -> None:
    """One word stands for what all models share."""
    assert ParameterRule.model_validate(name) == ParameterRule.model_validate(
        {"name": name, "use_template": name}
    )


def test_a_rules_own_keys_win_over_its_template_even_when_null() -> None:
    """The plugin format merges shallowly, and an explicit null counts."""
    rule = ParameterRule.model_validate(
        {"name": "maxTokens", "use_template": "max_tokens", "max": 8192, "default": None}
    )

    assert (rule.name, rule.max, rule.min, rule.default, rule.type.value) == (
        "maxTokens",
        8192,
        1,
        None,
        "int",
    )


def test_a_template_of_an_unknown_name_is_ignored() -> None:
    """Then the rule must say its type itself."""
    rule = ParameterRule.model_validate({"name": "x", "use_template": "nope", "type": "string"})

    assert rule.type.value == "string"
    with pytest.raises(ValidationError, match="type"):
        ParameterRule.model_validate({"name": "x", "use_template": "nope"})


def test_missing_languages_read_as_english_in_both_spellings() -> None:
    """SDKs before 0.9 read `en_US`, later ones `en_us`."""
    text = I18nObject.model_validate({"en_US": "Hello", "zh_Hans": None, "ja_JP": "こんにちは"})

    assert (text.en_US, text.en_us, text.zh_Hans, text.pt_br, text.ja_jp) == (
        "Hello",
        "Hello",
        "Hello",
        "Hello",
        "こんにちは",
    )
    assert text.model_dump()["en_US"] == "Hello"


def test_a_field_without_required_is_required() -> None:
    """The plugin SDK's default is true."""
    field = CredentialFormSchema.model_validate(
        {"variable": "k", "label": {"en_US": "K"}, "type": "secret-input"}
    )

    assert field.required


def test_a_model_without_label_is_called_by_its_name() -> None:
    """250 declarations in the wild have none."""
    assert AIModelEntity.model_validate({"model": "m-1", "model_type": "llm"}).label.en_us == "m-1"


def test_prices_are_read_exactly() -> None:
    """A float in between would change the digits."""
    price = PriceConfig.model_validate(
        {"input": "0.0375", "output": "0.15", "unit": "0.000001", "currency": "USD"}
    )

    assert (str(price.input), str(price.unit)) == ("0.0375", "0.000001")


@pytest.mark.parametrize(
    ("status", "missing"), [("running", "plugin_state"), ("succeeded", "result"), ("failed", "error")]
)
def test_a_polling_result_needs_what_its_status_promises(status: str, missing: str) -> None:
    """A running call without its state could never be asked about again."""
    with pytest.raises(ValidationError, match=missing):
        LLMPollingResult.model_validate({"status": status})


def test_prompt_messages_are_not_carried_back() -> None:
    """The caller has them; a stream would carry them in every chunk."""
    result = LLMResult.model_validate(
        {
            "model": "m",
            "prompt_messages": [{"role": "user", "content": "long"}],
            "message": {"content": "x"},
            "usage": {
                **dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0),
                **dict.fromkeys(("prompt_unit_price", "prompt_price_unit", "prompt_price"), "0"),
                **dict.fromkeys(("completion_unit_price", "completion_price_unit", "completion_price"), "0"),
                "total_price": "0",
                "currency": "USD",
                "latency": 0.5,
            },
        }
    )

    assert result.prompt_messages == []


def test_a_wire_may_be_named_in_one_word() -> None:
    """A local server without keys needs no more."""
    provider = ModelProviderConfiguration.model_validate(
        {
            "provider": "acme",
            "label": {"en_US": "Acme"},
            "supported_model_types": ["llm"],
            "configurate_methods": ["predefined-model"],
            "wire": "openai",
        }
    )

    assert provider.wire is not None
    assert provider.wire.family == "openai"


def test_credentials_never_show() -> None:
    """Not in repr, str, format or a pickle."""
    import pickle

    credentials = Credentials({"api_key": "sk-very-secret", "base": "http://localhost"})

    shown = f"{credentials} {credentials!r} {[credentials]}"
    assert "sk-very-secret" not in shown
    assert "api_key" in shown
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(credentials)
    assert credentials.reveal()["api_key"] == "sk-very-secret"
    assert credentials.secrets() == ["sk-very-secret"]
