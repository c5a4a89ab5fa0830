"""Lists of models, moderation, and the family itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.upstreams.described import specification

from modelbay.entities import ModelFeature, ModelType
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.family import (
    Endpoint,
    ModerationCall,
    family,
)
from modelbay.wires.openai import FAMILY

_FAMILY: Any = FAMILY  # of a family each dialect may be missing; not of this one

_ENDPOINT = Endpoint("https://upstream.test/v1")


def _is_described(name: Any, body: Any) -> Any:
    described = specification("openai.openapi.json")
    return described is None or described.of(name).complaint(body) is None


def test_the_family_is_found_by_its_name() -> None:
    """Declarations name it; it speaks of all six types."""
    assert family("openai") is FAMILY
    assert all(_FAMILY.speaks(kind) for kind in ModelType if kind != ModelType.TEXT2IMG)


def _judge(texts: Any, *rows: Any, **more: Any) -> Any:
    return _FAMILY.moderation.to_results(ModerationCall("mod", texts), {"results": list(rows), **more})


def test_each_text_is_judged_with_its_categories() -> None:
    """The order is that of the texts."""
    body = _FAMILY.moderation.to_request(ModerationCall("mod", ["a", "b"]), _ENDPOINT).json
    bad = {"flagged": True, "categories": {"hate": True, "sexual": False, "violence": True}}
    results = _judge(["a", "b"], bad, {"flagged": False, "categories": {"hate": False}})

    assert _is_described("CreateModerationRequest", body)
    assert [(result.flagged, result.categories) for result in results] == [
        (True, ["hate", "violence"]),
        (False, []),
    ]


def test_a_judgement_without_a_verdict_is_that_of_its_categories() -> None:
    """One upstream names categories only."""
    assert _judge(["a"], {"categories": {"pii": True}})[0].flagged


@pytest.mark.parametrize("rows", [[], [{}], [{"flagged": None}]])
def test_a_missing_judgement_is_never_safe(rows: Any) -> None:
    """A moderation that did not happen must not let a text pass."""
    with pytest.raises(InvokeServerUnavailableError):
        _judge(["a"], *rows)


def _models(*entries: Any) -> Any:
    return _FAMILY.models.to_models({"object": "list", "data": list(entries)})


@pytest.mark.parametrize(
    "entry",
    [
        {"max_model_len": 4096},
        {"context_window": 4096},
        {"context_length": 4096},
        {"max_context_length": 4096},
        {"top_provider": {"context_length": 4096}},
        {"meta": {"n_ctx_train": 4096}},
    ],
)
def test_the_context_size_is_found_under_each_servers_name(entry: Any) -> None:
    """Without it a model's limit would have to be guessed."""
    assert _models({"id": "m", **entry})[0].model_properties["context_size"] == 4096


def test_a_plain_entry_is_a_language_model_of_which_nothing_is_known() -> None:
    """Types are never guessed from names."""
    (model,) = _models({"id": "text-embedding-3-small", "object": "model", "created": 1, "owned_by": "x"})

    assert (model.model_type, model.features, model.pricing) == (ModelType.LLM, None, None)
    assert model.model_properties == {"mode": "chat"}


def test_a_fine_tuned_model_names_its_base() -> None:
    """Its features and prices are found by it."""
    assert _models({"id": "ft:gpt-4o-mini:acme::abc"})[0].wire == {"base_model": "gpt-4o-mini"}


def test_a_rich_entry_says_type_features_and_prices() -> None:
    """Routers list prices per token, as text; others per million, as numbers."""
    routed, priced = _models(
        {
            "id": "vendor/model",
            "name": "Vendor: Model",
            "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
            "supported_parameters": ["tools", "structured_outputs"],
            "pricing": {"prompt": "0.00000125", "completion": "0.00001", "input_cache_read": "0"},
        },
        {"id": "bge", "type": "embedding", "pricing": {"input": 0.02, "output": 0, "hourly": 0}},
    )

    assert routed.label.en_us == "Vendor: Model"
    assert routed.features == [
        ModelFeature.TOOL_CALL,
        ModelFeature.STRUCTURED_OUTPUT,
        ModelFeature.VISION,
    ]
    assert (routed.pricing.input, routed.pricing.output, routed.pricing.unit) == (
        Decimal("1.25"),
        10,
        Decimal("0.000001"),
    )
    assert (priced.model_type, priced.pricing.input) == (ModelType.TEXT_EMBEDDING, Decimal("0.02"))


def test_a_list_without_an_envelope_is_read() -> None:
    """One upstream sends the bare list."""
    assert [model.model for model in _FAMILY.models.to_models([{"id": "a"}, {"id": "b"}])] == ["a", "b"]
    with pytest.raises(InvokeServerUnavailableError):
        _FAMILY.models.to_models("no")


def _described(body: Any, model: str = "m") -> Any:
    return _FAMILY.models.to_model(model, body)


def test_one_model_is_asked_for_below_the_list() -> None:
    """A name may have characters that mean something in an address."""
    request = _FAMILY.models.to_show_request("org/model?x", _ENDPOINT)

    assert (request.method, request.url) == ("GET", "https://upstream.test/v1/models/org%2Fmodel%3Fx")


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"model_type": "LLM", "model_ability": ["chat", "tools"]}, ModelType.LLM),
        ({"model_type": "embedding"}, ModelType.TEXT_EMBEDDING),
        ({"model_type": "audio"}, ModelType.SPEECH2TEXT),
        ({"model_type": "audio", "model_ability": ["text2audio"]}, ModelType.TTS),
        ({"model_type": "audio", "model_family": "ChatTTS"}, ModelType.TTS),
        ({"capabilities": ["transcript"], "output_modalities": ["text"]}, ModelType.SPEECH2TEXT),
        ({"capabilities": ["chat", "embeddings"]}, ModelType.LLM),
        ({"capabilities": ["image", "tool_use"]}, ModelType.LLM),
    ],
)
def test_abilities_tell_the_type(entry: Any, kind: ModelType) -> None:
    """Servers that say what a model can do need not say what it is; what converses is a language model."""
    assert _models({"id": "m", **entry})[0].model_type is kind


def test_a_model_is_found_in_a_list_and_is_bare_if_it_is_not_there() -> None:
    """Some servers describe models in their list only, and know some by names that it does not show."""
    rows = {"data": [{"id": "m", "max_model_len": 4096}]}

    assert _described(rows).property_of("context_size") == 4096
    assert _described(rows, "alias").property_of("context_size") is None


def test_a_model_that_only_completes_says_how_it_is_called() -> None:
    """It has no template of conversations."""
    model = _described({"model_type": "LLM", "model_ability": ["generate"], "strict_system_first": True})

    assert model.property_of("mode") == "completion"
    assert model.wire == {"api": "completions", "merge_system": True}


@pytest.mark.parametrize("value", [None, 5, "", [], {}, [[]], {"a": []}, [5, None]])
@pytest.mark.parametrize(
    "field", ["model_type", "model_ability", "capabilities", "model_family", "context_length", "max_tokens"]
)
def test_nonsense_in_a_description_is_not_believed_and_breaks_nothing(field: str, value: Any) -> None:
    """What a server says of a model must never be the end of a call."""
    assert _described({field: value}).model == "m"
    assert [model.model for model in _models({"id": "m", field: value})] == ["m"]
