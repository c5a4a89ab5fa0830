"""Sandbox moderation: a list of words."""

from __future__ import annotations

from typing import Any

from modelbay.entities import ModerationResult
from modelbay.providers.sandbox.engines.moderate import moderate
from modelbay.sdk import ModerationModel


class SandboxModerationModel(ModerationModel):
    """Flags words of its list, also disguised ones; knows nothing of context."""

    def _invoke(
        self, model: str, credentials: dict[str, Any], text: str, user: str | None = None
    ) -> ModerationResult:
        verdict = moderate(text)
        found = [category for category, is_in in verdict.categories.items() if is_in]
        return ModerationResult(result=verdict.flagged, categories=found)

    def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Nothing can be wrong."""
