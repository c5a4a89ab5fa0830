"""The listing of models."""

from __future__ import annotations

from typing import Any

import pytest
from tests.wires.wire_checks import ENDPOINT

from modelbay.entities import ModelFeature, ModelType
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.anthropic.models import ModelsDialect

MODELS = ModelsDialect()


def row(**fields: Any) -> dict[str, Any]:
    """Make a row of the listing."""
    return {"id": "claude-x", "type": "model", "display_name": "Claude X", "lifecycle": "active", **fields}


def capabilities(*names: str, types: tuple[str, ...] = ()) -> dict[str, Any]:
    """Make capabilities, of which only the named are supported."""
    known = ("image_input", "pdf_input", "structured_outputs", "thinking")
    found: dict[str, Any] = {name: {"supported": name in names} for name in known}
    kinds = ("adaptive", "disabled", "enabled")
    found["thinking"]["types"] = {kind: {"supported": kind in types} for kind in kinds}
    return found


def test_a_page_is_asked_for_as_large_as_it_may_be() -> None:
    """There are fewer models than fit one page."""
    request = MODELS.to_request(ENDPOINT)

    assert (request.method, request.url) == ("GET", "http://upstream.example/v1/models?limit=1000")
    assert request.headers["anthropic-version"] == "2023-06-01"


def test_a_row_becomes_a_declaration() -> None:
    """Context size, features and what the dialect must know of the model."""
    able = capabilities("image_input", "pdf_input", "thinking", types=("adaptive", "disabled"))
    body = {"data": [row(max_input_tokens=200_000, max_tokens=64_000, capabilities=able)]}

    [model] = MODELS.to_models(body)

    assert (model.model, model.label.en_us, model.model_type) == ("claude-x", "Claude X", ModelType.LLM)
    assert model.model_properties == {"mode": "chat", "context_size": 200_000}
    assert {ModelFeature.VISION, ModelFeature.DOCUMENT, ModelFeature.AGENT_THOUGHT} <= set(
        model.features or []
    )
    assert ModelFeature.STRUCTURED_OUTPUT not in (model.features or [])
    assert model.wire == {"thinking": "adaptive", "max_tokens": 64_000}


@pytest.mark.parametrize(
    ("types", "option"),
    [
        (("enabled",), "budget"),
        (("adaptive",), "always"),
        (("enabled", "adaptive", "disabled"), "adaptive"),
        ((), "none"),
    ],
)
def test_how_a_model_thinks_is_read_from_its_types(types: tuple[str, ...], option: str) -> None:
    """A wrong option makes every call with thinking a failure."""
    [model] = MODELS.to_models({"data": [row(capabilities=capabilities(types=types))]})

    assert model.wire["thinking"] == option


def test_a_sparse_row_is_enough() -> None:
    """Compatible servers list names only."""
    [model] = MODELS.to_models({"data": [{"id": "other", "lifecycle": "deprecated"}]})

    assert (model.model, model.deprecated, model.wire) == ("other", True, {})


def test_a_row_without_a_name_is_the_servers_fault() -> None:
    """It cannot be called."""
    with pytest.raises(InvokeServerUnavailableError):
        MODELS.to_models({"data": [{}]})
