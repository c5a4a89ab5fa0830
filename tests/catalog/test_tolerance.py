"""What is odd in a declaration is noted on its model, and never costs the plugin."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from modelbay.catalog import Plugin, WarningKind, read_plugin
from modelbay.catalog.find import scan
from modelbay.catalog.plugin import PlainPlugin
from modelbay.catalog.read import read_plain
from modelbay.entities import AIModelEntity
from modelbay.errors import DeclarationError

from .conftest import MANIFEST, PROVIDER, Write


def read_model(write: Write, text: str) -> tuple[AIModelEntity, list[tuple[str, int | None]]]:
    plugin = read_plugin(write("acme", {"models/llm/m.yaml": "model: m\n" + text}))
    assert all(warning.model == "m" for warning in plugin.warnings)
    return plugin.models[0], [(warning.kind.value, warning.line) for warning in plugin.warnings]


@pytest.mark.parametrize(
    ("text", "field", "value", "warnings"),
    [
        ("features: [vision, telepathy]", "features", ["vision"], [("unknown-feature", 2)]),
        ("features: vision", "features", ["vision"], []),
        ("features:", "features", None, []),
        ("model_properties: {aura: 1}", "model_properties", {"aura": 1}, [("unknown-property", 2)]),
        (
            "model_properties: {context_size: '8192'}",
            "model_properties",
            {"context_size": 8192},
            [("odd-value", 2)],
        ),
        ("model_properties: [1]", "model_properties", {}, [("dropped-value", 2)]),
        ("fetch_from: the-moon", "fetch_from", "predefined-model", [("unknown-value", 2)]),
        ("parameter_rule: []", "parameter_rules", [], [("unknown-key", 2)]),
        ("deprecated: perhaps", "deprecated", False, [("dropped-value", 2)]),
        ("features: [audio]\nfeatures: [video]", "features", ["video"], []),
    ],
)
def test_an_odd_value_is_a_warning_on_its_model(
    write: Write, text: str, field: str, value: Any, warnings: list[tuple[str, int | None]]
) -> None:
    """Other readers refuse the whole plugin for one of these."""
    if "video" in text:
        plugin = read_plugin(write("acme", {"models/llm/m.yaml": "model: m\n" + text}))
        assert [(w.kind, w.line) for w in plugin.warnings] == [(WarningKind.REPEATED_KEY, 3)]
        assert getattr(plugin.models[0], field) == value
        return
    model, found = read_model(write, text)

    assert getattr(model, field) == value
    assert found == warnings


@pytest.mark.parametrize("text", ["model_type: hologram", "model: {a: b}", "model: ''\nlabel: x"])
def test_a_model_without_usable_name_or_type_is_skipped_with_a_reason(write: Write, text: str) -> None:
    """To guess a type would call the wrong thing."""
    content = text if "model:" in text else "model: m\n" + text

    plugin = read_plugin(write("acme", {"models/llm/a.yaml": content, "models/llm/b.yaml": "model: b"}))

    assert [model.model for model in plugin.models] == ["b"]
    assert [(w.kind, w.file) for w in plugin.warnings] == [(WarningKind.SKIPPED_MODEL, "models/llm/a.yaml")]


@pytest.mark.parametrize(
    ("label", "english", "warnings"),
    [
        ("{en_US: A, zh_Hans: null}", "A", 1),
        ("{text: {en_US: A}}", "A", 1),
        ("{zh_Hans: 甲}", "甲", 1),
        ("{}", "m", 0),
        ("null", "m", 0),
        ("A", "A", 0),
        ("4", "4", 0),
        ("{en_US: true}", "true", 0),
    ],
)
def test_texts_in_any_form_in_use_are_read(write: Write, label: str, english: str, warnings: int) -> None:
    """Nulls, a `text:` around the languages, and missing English all occur in the wild."""
    model, found = read_model(write, f"label: {label}")

    assert model.label.en_us == english
    assert found == [("odd-text", 2)] * warnings


@pytest.mark.parametrize(
    ("rule", "kept", "kinds"),
    [
        ("temperature", True, []),
        ("warp", False, ["dropped-rule"]),
        ("{name: x, use_template: warp}", False, ["dropped-rule"]),
        ("{name: x, use_template: warp, type: int}", True, ["unknown-value"]),
        ("{name: x, use_template: [1], type: int}", True, []),
        ("{name: x, type: vector}", False, ["dropped-rule"]),
        ("{name: x, type: [int]}", False, ["dropped-rule"]),
        ("{type: int}", False, ["dropped-rule"]),
        ("[1]", False, ["dropped-rule"]),
        ("{name: x, type: int, min: low}", False, ["dropped-rule"]),
        ("{name: x, type: int, show_on: []}", True, ["unknown-key"]),
        ("{name: x, type: string, options: [1, true, a]}", True, ["odd-value"]),
        ("{name: x, type: string, options: null, required: null, help: null, label: null}", True, []),
        ("{name: x, type: string, help: {text: {en_US: A}}}", True, ["odd-text"]),
    ],
)
def test_a_rule_that_cannot_be_used_is_left_out_and_the_others_stay(
    write: Write, rule: str, kept: bool, kinds: list[str]
) -> None:
    """A parameter nobody can check must not be offered; the model still can."""
    model, found = read_model(write, f"parameter_rules:\n- top_p\n- {rule}\n")

    assert len(model.parameter_rules) == (2 if kept else 1)
    assert found == [(kind, 4) for kind in kinds]


def test_options_become_text(write: Write) -> None:
    """A form sends text, so numbers and booleans among the options read as YAML writes them."""
    model, _ = read_model(write, "parameter_rules: [{name: x, type: string, options: [1, true, a]}]")

    assert model.parameter_rules[0].options == ["1", "true", "a"]


@pytest.mark.parametrize(
    ("pricing", "known", "kinds"),
    [
        ("{input: '3', output: '15', unit: '0.000001', currency: USD}", True, []),
        ("{input: 0.15, unit: 0.001, currency: USD}", True, []),
        ("{input: '0', unit: '0', currency: USD}", True, ["odd-price"]),
        ("{input: '3', unit: '0.000', currency: USD}", False, ["odd-price"]),
        ("{input: '3', unit: '1000000', currency: USD}", False, ["odd-price"]),
        ("{input: '3', unit: '1', currency: USD}", False, ["odd-price"]),
        ("{input: '3', unit: '1', currency: USD, meter: call}", True, []),
        ("{input: '-3', unit: '0.001', currency: USD}", False, ["odd-price"]),
        ("{input: 'NaN', unit: '0.001', currency: USD}", False, ["odd-price"]),
        ("{input: '3', currency: USD}", False, ["dropped-value"]),
        ("{input: much, unit: '0.001', currency: USD}", False, ["dropped-value"]),
        ("{input: '3', unit: '0.001', currency: USD, tiered_pricing: []}", True, ["unknown-key"]),
        ("{input: '3', unit: '0.001', currency: USD, cached: {input: '1'}}", True, ["odd-price"]),
    ],
)
def test_a_price_that_cannot_be_meant_counts_as_not_known(
    write: Write, pricing: str, known: bool, kinds: list[str]
) -> None:
    """A wrong bill is worse than none: zero for something, or dollars for one token."""
    model, found = read_model(write, f"pricing: {pricing}")

    assert (model.pricing is not None) is known
    assert found == [(kind, 2) for kind in kinds]


def test_prices_are_exact(write: Write) -> None:
    """Amounts written as plain YAML numbers are decimals all the same."""
    model, _ = read_model(write, "pricing: {input: 0.15, output: '0.60', unit: 0.000001, currency: USD}")

    assert model.pricing is not None
    assert (model.pricing.input, model.pricing.output, model.pricing.unit) == (
        Decimal("0.15"),
        Decimal("0.60"),
        Decimal("0.000001"),
    )


_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "llm", "int", "top_p", "0", "en_US", "secret-input"]),
)
_KEYS = st.sampled_from(
    ["name", "type", "en_US", "text", "title", "url", "model", "variable", "options", "value", "show_on",
     "label", "use_template", "input", "unit", "currency", "cached", "credential_form_schemas", "predefined",
     "position",
     "llm", "python", "family", "address", "models", "defaults", "x+"]
)  # fmt: skip
_ANYTHING = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)
_MODEL = st.dictionaries(
    st.sampled_from([*AIModelEntity.model_fields, "models", "defaults", "label+"]), _ANYTHING
)
_OF_PROVIDER = st.sampled_from(
    ["provider", "label", "description", "icon_small", "help", "supported_model_types", "configurate_methods",
     "provider_credential_schema", "model_credential_schema", "models", "extra", "position", "wire"]
)  # fmt: skip


def put(root: Path, manifest: dict[str, Any], provider: dict[str, Any], model: Any) -> None:
    for path, value in (
        ("manifest.yaml", yaml.safe_load(MANIFEST.format(name="acme")) | manifest),
        ("provider/acme.yaml", yaml.safe_load(PROVIDER.format(name="acme")) | provider),
        ("models/llm/a.yaml", model),
        ("models/llm/b.yaml", {"model": "b", "model_type": "rerank"}),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(yaml.safe_dump(value), encoding="utf-8")


@given(st.one_of(_MODEL, _MODEL.map(lambda model: {"model": "a"} | model), _ANYTHING))
@settings(max_examples=150, deadline=None)
def test_no_model_file_whatever_costs_another_model(model: Any) -> None:
    """The plugin is read, the model beside it is there, and the compiled form is equal."""
    with tempfile.TemporaryDirectory() as name:
        put(Path(name), {}, {}, model)
        plain = read_plain(scan(Path(name)))

    plugin = Plugin.from_plain(Path(name), plain)
    compiled = PlainPlugin.from_json(orjson.loads(orjson.dumps(plain.to_json())))

    assert "b" in [each.model for each in plugin.models]
    assert Plugin.from_plain(Path(name), compiled) == plugin


@given(
    st.dictionaries(_OF_PROVIDER, _ANYTHING, max_size=3),
    st.dictionaries(
        st.sampled_from(["plugins", "label", "created_at", "meta", "version", "icon"]), _ANYTHING, max_size=2
    ),
)
@settings(max_examples=150, deadline=None)
def test_a_provider_is_read_or_refused_by_name(provider: dict[str, Any], manifest: dict[str, Any]) -> None:
    """Nothing but the one declared error may come out of a strange provider or manifest."""
    with tempfile.TemporaryDirectory() as name:
        put(Path(name), manifest, provider, {"model": "a"})
        try:
            plugin = read_plugin(Path(name))
        except DeclarationError as error:
            assert ".yaml" in str(error)
        else:
            assert plugin.provider.provider
