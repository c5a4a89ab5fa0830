"""The providers of these tests: `acme` knows keys by their beginning and asks for all kinds of fields."""

from __future__ import annotations

from pathlib import Path

from tests.runtime.plugins import write_plugin

PROVIDER_YAML = """
provider: acme
label: {en_US: Acme}
supported_model_types: [llm, text-embedding]
configurate_methods: [predefined-model, customizable-model]
provider_credential_schema:
  credential_form_schemas:
    - {variable: api_key, label: {en_US: Key}, type: secret-input, required: true, max_length: 40}
    - {variable: region, label: {en_US: Region}, type: text-input, required: false}
    - variable: mode
      label: {en_US: Mode}
      type: select
      required: false
      default: chat
      options: [{value: chat}, {value: raw}]
    - variable: account
      label: {en_US: Account}
      type: text-input
      required: true
      show_on: [{variable: mode, value: raw}]
model_credential_schema:
  model: {label: {en_US: Model}}
  credential_form_schemas:
    - {variable: api_key, label: {en_US: Key}, type: secret-input, required: true}
    - variable: context_size
      label: {en_US: Size}
      type: text-input
      show_on: [{variable: __model_type, value: llm}]
environment: {api_key: [ACME_KEY, ACME_OLD_KEY], region: ACME_REGION}
models:
  llm: {predefined: ["models/llm/*.yaml"]}
  text_embedding: {predefined: ["models/text_embedding/*.yaml"]}
extra: {python: {provider_source: provider/acme.py, model_sources: [models/llm/llm.py]}}
"""

PROVIDER = """
from modelbay.sdk import ModelProvider

class AcmeProvider(ModelProvider):
    def validate_provider_credentials(self, credentials):
        if not credentials["api_key"].startswith("good-"):
            raise ValueError(f"the key {credentials['api_key']} is unknown")
"""

LLM = """
from modelbay.entities import AIModelEntity, I18nObject, ModelType
from modelbay.sdk import LargeLanguageModel

class AcmeLLM(LargeLanguageModel):
    def validate_credentials(self, model, credentials):
        if not credentials["api_key"].startswith("good-"):
            raise ValueError(f"the key {credentials['api_key']} is unknown")

    def get_customizable_model_schema(self, model, credentials):
        if model == "broken":
            raise RuntimeError(f"no schema with {credentials['api_key']}")
        label = I18nObject(en_US=f"My {model}")
        return AIModelEntity(model=model, model_type=ModelType.LLM, label=label)

    def _invoke(self, model, credentials, prompt_messages, *rest):
        return iter(())
"""

OTHER = """
provider: other
label: {en_US: Other}
supported_model_types: [llm]
configurate_methods: [customizable-model]
model_credential_schema:
  model: {label: {en_US: Model}}
  credential_form_schemas: [{variable: token, label: {en_US: Token}, type: secret-input}]
"""

OPEN = """
provider: open
label: {en_US: Open}
supported_model_types: [llm]
configurate_methods: [predefined-model]
models: {llm: {predefined: ["models/llm/*.yaml"]}}
"""

_MANIFEST = """
version: 1.0.0
type: plugin
author: acme
name: {name}
label: {{en_US: {name}}}
description: {{en_US: Models.}}
icon: icon.svg
created_at: 2024-07-12T08:03:44.658609186Z
plugins: {{models: [provider/{name}.yaml]}}
"""


def write_providers(folder: Path) -> list[Path]:
    """Write three plugins: `acme`; `other`, for added models only; `open`, which needs no credentials."""
    files = {"provider/acme.yaml": PROVIDER_YAML, "provider/acme.py": PROVIDER, "models/llm/llm.py": LLM}
    found = [write_plugin(folder, files)]
    for name, provider in (("other", OTHER), ("open", OPEN)):
        plugin = folder / name
        (plugin / "provider").mkdir(parents=True)
        (plugin / "manifest.yaml").write_text(_MANIFEST.format(name=name))
        (plugin / "provider" / f"{name}.yaml").write_text(provider)
        found.append(plugin)
    models = folder / "open" / "models" / "llm"
    models.mkdir(parents=True)
    (models / "models.yaml").write_text("models: [{model: free, model_type: llm}]\n")
    return found
