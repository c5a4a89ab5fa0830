"""Language models on an OpenLLM server of either generation."""

from __future__ import annotations

from typing import Any

from modelbay.entities import AIModelEntity
from modelbay.providers.openllm.generation import of_its_generation
from modelbay.sdk.wired import WiredLargeLanguageModel


class OpenLLMLargeLanguageModel(WiredLargeLanguageModel):
    """Speaks the dialect of the server's generation."""

    async def get_customizable_model_schema(self, model: str, credentials: dict[str, Any]) -> AIModelEntity:
        """Declare a model with the dialect that its server speaks."""
        declared = await super().get_customizable_model_schema(model, credentials)
        return await of_its_generation(declared, credentials, self.endpoint(credentials), self.transport)
