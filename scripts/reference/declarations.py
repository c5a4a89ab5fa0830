"""The page about declarations: every key of a plugin's YAML files."""

from __future__ import annotations

from typing import Any

from scripts.reference.docstrings import docstring_of, to_markdown
from scripts.reference.entities import show_entity, show_enum
from scripts.reference.markdown import code, page, table

from modelbay import entities
from modelbay.catalog import model_files
from modelbay.entities import PARAMETER_RULE_TEMPLATE
from modelbay.entities.providers import WireOptionSource
from modelbay.sdk.wired import custom

_INTRODUCTION = """\
A plugin is a folder: `manifest.yaml`, `provider/<name>.yaml`, and model files below `models/<type>/`.
This page lists every key; [Write a provider](../write-a-provider.md) shows them at work. Keys that are not
listed are kept and ignored.

A text for people may be a plain string, or a mapping with `en_US` and other languages. Where a model, a
parameter rule or an option has no `label`, its name stands in."""

_MODELS = """\
`models.<type>.predefined` of a provider file is a list of patterns for model files, relative to the
plugin's folder. A model file declares one model, or several: `defaults:` with keys for all of them, and
`models:`, a list whose entries are mappings, or strings that are only the name."""

_PROVIDER = """\
`provider/<name>.yaml`. Two more keys are read from the file: `models` (see below) and `extra.python` with
`provider_source` and `model_sources`, the paths of the plugin's Python files."""

_ENVIRONMENT = """\
A mapping from a credential to the name of an environment variable, or to a list of names of which the first
that is set counts. The library and the command line take credentials from there when none are given."""


def declarations_page() -> str:
    """Return the page."""
    return page(
        "Declarations",
        _INTRODUCTION,
        "## Manifest",
        show_entity(entities.PluginManifest, 3),
        "## Provider\n\n" + _PROVIDER,
        _shown(entities.ModelProviderConfiguration, entities.ProviderHelpEntity),
        "### environment\n\n" + _ENVIRONMENT,
        "## Credential forms",
        _shown(
            entities.ProviderCredentialSchema,
            entities.ModelCredentialSchema,
            entities.FieldModelSchema,
            entities.CredentialFormSchema,
            entities.FormOption,
            entities.FormShowOnObject,
        ),
        show_enum(entities.FormType, 3),
        "## Wire\n\nThe section `wire` of a provider file. [Wires](wires.md) has the options of each family.",
        _shown(entities.WireDeclaration, entities.WireAddress, entities.WireAuth, WireOptionSource),
        "### Models that people add: `wire.custom`\n\n" + to_markdown(docstring_of(custom.custom_schema)),
        "## Models\n\n" + _MODELS,
        to_markdown(docstring_of(model_files.merged)),
        _shown(entities.AIModelEntity),
        "\n\n".join(show_enum(each, 3) for each in (entities.ModelType, entities.ModelFeature)),
        show_enum(entities.ModelPropertyKey, 3),
        "## Parameter rules",
        _shown(entities.ParameterRule),
        show_enum(entities.ParameterType, 3),
        "### Templates\n\nWhat `use_template` fills in; the rule's own keys win.\n\n" + _templates(),
        "## Prices",
        _shown(entities.PriceConfig, entities.PriceTier),
        show_enum(entities.Meter, 3),
    )


def _shown(*classes: Any) -> str:
    return "\n\n".join(show_entity(cls, 3) for cls in classes)


def _templates() -> str:
    keys = ("type", "default", "min", "max", "precision", "options")
    rows = [
        (code(name.value), *(_plain(template.get(key)) for key in keys))
        for name, template in PARAMETER_RULE_TEMPLATE.items()
    ]
    return table(("template", *keys), rows)


def _plain(value: Any) -> str:
    return "" if value is None else ", ".join(value) if isinstance(value, list) else str(value)
