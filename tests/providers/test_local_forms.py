"""The forms of servers that people run themselves, against those that saved credentials were made with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from modelbay.catalog import read_plugin
from modelbay.entities import CredentialFormSchema, ModelCredentialSchema
from modelbay.sdk.wired.endpoint import endpoint_of

PROVIDERS = Path(__file__).parents[2] / "src/modelbay/providers"
CORPUS = Path(__file__).parents[2] / "../shared/corpus/dify-official-plugins"
GPUSTACK = [
    "display_name",
    "endpoint_url",
    "endpoint_model_name",
    "api_key",
    "mode",
    "context_size",
    "max_tokens_to_sample",
    "agent_thought_support",
    "compatibility_mode",
    "token_param_name",
    "function_calling_type",
    "stream_function_calling",
    "vision_support",
    "structured_output_support",
    "stream_mode_auth",
    "stream_mode_delimiter",
    "voices",
    "timeout",
]


def model_form(name: str) -> list[CredentialFormSchema]:
    form = read_plugin(PROVIDERS / name).provider.model_credential_schema
    assert form is not None
    return form.credential_form_schemas


def fact(field: CredentialFormSchema) -> tuple[Any, ...]:
    """Return what saved credentials depend on: all of a field but its words."""
    options = [option.value for option in field.options or []]
    shown = [(condition.variable, condition.value) for condition in field.show_on]
    return (field.variable, field.type.value, field.default, field.required, options, shown)


@pytest.mark.parametrize("name", ["xinference", "localai"])
def test_a_form_begins_with_the_fields_that_saved_credentials_have(name: str) -> None:
    """Credentials saved for the plugin of the same name must fit; fields of our own come after."""
    path = CORPUS / name / "provider" / f"{name}.yaml"
    if not path.is_file():
        pytest.skip("the corpus is not beside this checkout")
    theirs = yaml.safe_load(path.read_text(encoding="utf-8"))["model_credential_schema"]
    expected = ModelCredentialSchema.model_validate(theirs).credential_form_schemas
    ours = model_form(name)

    assert list(map(fact, ours[: len(expected)])) == list(map(fact, expected))
    assert not any(field.required for field in ours[len(expected) :])


def test_the_form_of_gpustack_has_the_fields_of_its_sheet() -> None:
    """Its namesake is known by its facts only."""
    form = {field.variable: field for field in model_form("gpustack")}

    assert list(form) == GPUSTACK
    assert {name for name, field in form.items() if field.required} == {
        "endpoint_url",
        "api_key",
        "context_size",
    }
    defaults = {name: field.default for name, field in form.items() if field.default is not None}
    assert defaults == {
        "mode": "chat",
        "context_size": "8192",
        "max_tokens_to_sample": "8192",
        "agent_thought_support": "not_supported",
        "compatibility_mode": "strict",
        "token_param_name": "auto",
        "function_calling_type": "no_call",
        "stream_function_calling": "not_support",
        "vision_support": "no_support",
        "structured_output_support": "not_supported",
        "stream_mode_auth": "not_use",
        "stream_mode_delimiter": r"\n\n",
        "voices": "Chinese Female",
        "timeout": "600",
    }


@pytest.mark.parametrize(
    ("ending", "base"), [("", "/v1"), ("/", "/v1"), ("/v1", "/v1"), ("/v1-openai/", "/v1")]
)
def test_gpustack_is_called_below_its_one_version(ending: str, base: str) -> None:
    """The older prefix is frozen: rerank and all that is new is served below the newer only."""
    wire = read_plugin(PROVIDERS / "gpustack").provider.wire
    assert wire is not None
    endpoint = endpoint_of(wire, {"endpoint_url": f"http://cluster:80{ending}", "api_key": "k"})

    assert endpoint.base_url == f"http://cluster:80{base}"
