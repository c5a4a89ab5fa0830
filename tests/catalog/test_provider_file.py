"""The provider's YAML and its forms."""

from __future__ import annotations

from modelbay.catalog import Plugin, WarningKind, read_plugin

from .conftest import Write


def read_provider(write: Write, text: str) -> Plugin:
    return read_plugin(write("acme", {"provider/acme.yaml": "provider: acme\n" + text}))


def test_what_a_provider_leaves_out_is_assumed_and_noted(write: Write) -> None:
    """A name is enough to list a provider."""
    plugin = read_provider(write, "models: {text_embedding: {predefined: ['models/*/*.yaml']}}\n")

    assert plugin.provider.label.en_us == "acme"
    assert plugin.provider.supported_model_types == ["text-embedding"]
    assert plugin.provider.configurate_methods == ["predefined-model"]
    assert {w.kind for w in plugin.warnings} == {
        WarningKind.ODD_TEXT,
        WarningKind.ODD_VALUE,
        WarningKind.FILES,
    }


def test_a_type_or_method_that_is_not_known_is_left_out(write: Write) -> None:
    """The kinds that hosts of today accept and kits refuse must not take the provider away."""
    plugin = read_provider(
        write,
        "label: A\n"
        "supported_model_types: [llm, multimodal-embedding]\n"
        "configurate_methods: [customizable-model, magic]\n",
    )

    assert plugin.provider.supported_model_types == ["llm"]
    assert plugin.provider.configurate_methods == ["customizable-model"]
    assert [(w.kind, w.line) for w in plugin.warnings] == [
        (WarningKind.UNKNOWN_VALUE, 3),
        (WarningKind.UNKNOWN_VALUE, 4),
    ]


FORM = """
label: A
supported_model_types: [llm]
configurate_methods: [customizable-model]
model_credential_schema:
  credential_form_schemas:
    - {variable: key, type: passkey, label: {en_US: Key}}
    - variable: size
      type: text-input
      default: 4096
      help: {text: {en_US: Tokens}}
      show_on: [{variable: __model_type, value: llm}]
    - {variable: size, type: text-input, show_on: [{variable: __model_type, value: rerank}]}
    - {variable: size, type: text-input, show_on: [{variable: __model_type, value: rerank}]}
    - variable: flag
      type: radio
      options: [{value: true}, {value: "false", show_on: [{variable: size, value: 1}]}]
    - nonsense
"""


def test_the_fields_of_a_form_are_kept_in_every_form_in_use(write: Write) -> None:
    """One variable may have a field per model type; a field of an unknown kind may hold a secret."""
    plugin = read_provider(write, FORM)
    assert plugin.provider.model_credential_schema is not None
    fields = plugin.provider.model_credential_schema.credential_form_schemas

    assert [field.variable for field in fields] == ["key", "size", "size", "size", "flag"]
    assert plugin.provider.secret_variables == {"key"}
    assert fields[1].help is not None
    assert (fields[1].default, fields[1].help.en_us, fields[2].label.en_us) == ("4096", "Tokens", "size")
    assert [option.value for option in fields[4].options or []] == ["true", "false"]
    assert sorted(w.kind.value for w in plugin.warnings) == [
        "dropped-value",
        "odd-text",
        "odd-value",
        "odd-value",
        "odd-value",
        "repeated-variable",
        "unknown-value",
    ]
