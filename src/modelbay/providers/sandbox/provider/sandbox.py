"""The sandbox needs no credentials; its one optional field must make sense."""

from __future__ import annotations

from typing import Any

from modelbay.errors import CredentialsValidateFailedError
from modelbay.sdk import ModelProvider


class SandboxProvider(ModelProvider):
    """Accepts everything but a seed that is not a whole number."""

    def validate_provider_credentials(self, credentials: dict[str, Any]) -> None:
        """Check the seed."""
        try:
            seed_of(credentials)
        except ValueError:
            raise CredentialsValidateFailedError(
                f"seed is {credentials['seed']!r}, but must be a whole number"
            ) from None


def seed_of(credentials: dict[str, Any]) -> int:
    """Return the seed; ValueError if it is not a whole number."""
    return int(credentials.get("seed") or 0)
