"""Plugins with Python, written for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from modelbay.entities import AIModelEntity, ModelProviderConfiguration
from modelbay.hosts import ProviderCode
from modelbay.wires.transport import Transport

Write = Callable[..., ProviderCode]

PROVIDER = """
from modelbay.sdk import ModelProvider

class AcmeProvider(ModelProvider):
    def validate_provider_credentials(self, credentials):
        return None
"""

LLM = """
from modelbay.entities import AssistantPromptMessage, LLMResult, LLMUsage
from modelbay.sdk import LargeLanguageModel

class AcmeLLM(LargeLanguageModel):
    word = "plain"

    def validate_credentials(self, model, credentials):
        return None

    def _invoke(self, model, credentials, *rest):
        message = AssistantPromptMessage(content=self.word)
        return LLMResult(model=model, message=message, usage=LLMUsage.empty_usage())
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a plugin's Python files and return its code; the declaration names those given."""

    def write_plugin(
        files: dict[str, str],
        *,
        name: str = "acme",
        provider_source: str = "provider/acme.py",
        model_sources: tuple[str, ...] = ("models/llm/llm.py",),
        wire: object = None,
    ) -> ProviderCode:
        folder = tmp_path / name
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(dedent(content))
        folder.mkdir(exist_ok=True)
        declared = {
            "provider": "acme",
            "label": {"en_US": "Acme"},
            "supported_model_types": ["llm", "text-embedding"],
            "configurate_methods": ["predefined-model"],
            "python": {"provider_source": provider_source, "model_sources": list(model_sources)},
            "wire": wire,
        }
        models = (AIModelEntity.model_validate({"model": "m", "model_type": "llm"}),)
        return ProviderCode(folder, ModelProviderConfiguration.model_validate(declared), models)

    return write_plugin


@pytest.fixture
def transport() -> Iterator[Transport]:
    """A transport that no test here uses."""
    yield Transport()
