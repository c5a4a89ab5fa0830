"""Talking with models behind a running gateway, by the API that it serves."""

from __future__ import annotations

import os

from modelbay import Modelbay
from modelbay.cli.errors import Mistake

_PROVIDER = "openai_api_compatible"
_KEY = "MODELBAY_API_KEY"


def behind(url: str, model: str | None) -> tuple[Modelbay, str]:
    """Return a Modelbay whose one provider is the gateway, and the model's name there.

    Raises:
        Mistake: The key or the model is missing.
    """
    key = os.environ.get(_KEY)
    if not key:
        raise Mistake(f"--gateway: put the gateway's key into {_KEY}")
    base = url.rstrip("/").removesuffix("/v1")
    credentials = {
        "endpoint_url": f"{base}/v1",
        "api_key": key,
        "mode": "chat",
        "function_calling_type": "tool_call",
        "stream_function_calling": "supported",
        "vision_support": "support",
    }
    return Modelbay({_PROVIDER: credentials}), f"{_PROVIDER}/{model or 'default'}"
