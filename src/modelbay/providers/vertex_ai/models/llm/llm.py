"""Language models of several publishers, each where it is and in its own dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import UserPromptMessage
from modelbay.providers.vertex_ai.places import located, with_host
from modelbay.sdk.wired import WiredLargeLanguageModel
from modelbay.wires.family import ChatCall, CountingDialect


class VertexLargeLanguageModel(WiredLargeLanguageModel):
    """Calls a model at the location of its publisher."""

    def wire_options(self, model: str, credentials: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the dialect must know, with the address of the model's location."""
        return with_host(super().wire_options(model, located(model, credentials)), credentials)

    async def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Prove credentials and model by counting, which is free, where the publisher counts."""
        options = self.wire_options(model, credentials)
        dialect = self._chat(options)
        if not isinstance(dialect, CountingDialect):
            await super().validate_credentials(model, credentials)
            return
        call = ChatCall(model, [UserPromptMessage(content="ping")], options=options)
        await self.transport.json(dialect.to_count_request(call, self.endpoint(credentials, options)))
