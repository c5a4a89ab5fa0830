"""Files that hold several models."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from modelbay.catalog import WarningKind, read_plugin
from modelbay.catalog.model_files import merged

from .conftest import Write

TABLE = """
defaults:
  model_type: llm
  features: [tool-call]
  model_properties: {mode: chat, context_size: 200000}
  parameter_rules: [temperature, top_p, {name: max_tokens, use_template: max_tokens, max: 8192}]
  pricing: {input: "1.00", output: "2.00", unit: "0.000001", currency: USD}
  wire: {endpoint: chat, stream: true}
models:
  - model: plain
  - model: rich
    features+: [vision]
    model_properties: {context_size: 1000}
    pricing: {output: "3.00"}
    wire: {endpoint: responses}
    parameter_rules+: [{name: max_tokens, type: int, max: 99}, top_k]
  - model: bare
    features: []
    parameter_rules: [top_k]
    pricing: null
  - named-alone
"""


def test_a_table_lays_each_entry_over_the_defaults(write: Write) -> None:
    """One table per type instead of one file per model."""
    plugin = read_plugin(write("acme", {"models/llm/models.yaml": TABLE}))
    plain, rich, bare, alone = plugin.models

    assert plugin.warnings == []
    assert [model.model for model in plugin.models] == ["plain", "rich", "bare", "named-alone"]
    assert plain.features == ["tool-call"]
    assert [rule.name for rule in plain.parameter_rules] == ["temperature", "top_p", "max_tokens"]
    assert rich.features == ["tool-call", "vision"]
    assert rich.model_properties == {"mode": "chat", "context_size": 1000}
    assert rich.pricing is not None
    assert (str(rich.pricing.input), str(rich.pricing.output)) == ("1.00", "3.00")
    assert rich.wire == {"endpoint": "responses", "stream": True}
    assert [(rule.name, rule.max) for rule in rich.parameter_rules] == [
        ("temperature", 1.0),
        ("top_p", 1.0),
        ("max_tokens", 99.0),
        ("top_k", 100.0),
    ]
    assert (bare.features, [rule.name for rule in bare.parameter_rules], bare.pricing) == (
        [],
        ["top_k"],
        None,
    )
    assert alone.label.en_us == "named-alone"


def test_a_warning_about_a_table_names_model_and_line(write: Write) -> None:
    """In a table of fifty models "unknown feature" alone would not help."""
    table = "models:\n  - model: a\n  - model: b\n    features: [telepathy]\n"

    (warning,) = read_plugin(write("acme", {"models/llm/models.yaml": table})).warnings

    assert (warning.kind, warning.model, warning.line) == (WarningKind.UNKNOWN_FEATURE, "b", 4)
    assert str(warning).startswith("models/llm/models.yaml:4: b: the feature 'telepathy'")


def test_entries_that_are_no_models_cost_only_themselves(write: Write) -> None:
    """A table is as tolerant as single files are."""
    table = "models:\n  - 7\n  - {label: {en_US: nameless}}\n  - model: good\nparameter_rules: []\n"

    plugin = read_plugin(write("acme", {"models/llm/models.yaml": table}))

    assert [model.model for model in plugin.models] == ["good"]
    assert [(w.kind, w.line) for w in plugin.warnings] == [
        (WarningKind.UNKNOWN_KEY, 5),
        (WarningKind.SKIPPED_MODEL, 2),
        (WarningKind.SKIPPED_MODEL, 3),
    ]


def test_a_table_of_the_wrong_shape_is_skipped_with_a_reason(write: Write) -> None:
    """`models:` as a mapping is a likely slip."""
    plugin = read_plugin(write("acme", {"models/llm/models.yaml": "models: {a: {}}"}))

    assert plugin.models == []
    assert [w.kind for w in plugin.warnings] == [WarningKind.SKIPPED_MODEL]


_KEYS = st.sampled_from(["features", "label", "model_properties", "pricing", "wire", "other"])
_MAPPING = st.dictionaries(st.sampled_from("abc"), st.integers(), max_size=3)
_VALUES = st.one_of(st.integers(), st.lists(st.integers(), max_size=3), _MAPPING, st.none())


@given(st.dictionaries(_KEYS, _VALUES), st.dictionaries(_KEYS, _VALUES))
def test_an_entry_always_wins_over_the_defaults(defaults: dict[str, Any], entry: dict[str, Any]) -> None:
    """Key by key inside the three merged mappings, whole values elsewhere; what is not said is inherited."""
    copies = (repr(defaults), repr(entry))

    result = merged(defaults, entry)

    assert result.keys() == defaults.keys() | entry.keys()
    for key, value in entry.items():
        both = key in ("model_properties", "pricing", "wire") and isinstance(defaults.get(key), dict)
        assert result[key] == ({**defaults[key], **value} if both and isinstance(value, dict) else value)
    assert all(result[key] == value for key, value in defaults.items() if key not in entry)
    assert (repr(defaults), repr(entry)) == copies


_NAMES = st.lists(st.sampled_from(["temperature", "top_p", "top_k", "seed"]), unique=True)


@given(_NAMES, _NAMES)
def test_added_rules_replace_those_of_their_name_in_place(before: list[str], added: list[str]) -> None:
    """Every parameter has one rule, and the order of the defaults stays."""
    rules = [{"name": name, "from": "entry"} for name in added]

    result = merged({"parameter_rules": list(before)}, {"parameter_rules+": rules})["parameter_rules"]

    names = [rule["name"] if isinstance(rule, dict) else rule for rule in result]
    assert names == before + [name for name in added if name not in before]
    assert [rule for rule in result if isinstance(rule, dict)] == [
        {"name": name, "from": "entry"} for name in names if name in added
    ]
