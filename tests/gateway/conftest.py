"""Gateways for tests: nothing of this machine, one cache of the catalog for all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.serving import Served, serving

Serve = Callable[..., Any]
_OF_THIS_MACHINE = ("OPENAI", "ANTHROPIC", "COHERE", "CO", "JINA", "OLLAMA")


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees a cache, a key or a proxy of this machine."""
    monkeypatch.setenv("MODELBAY_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "gateway-cache"))
    for family in _OF_THIS_MACHINE:
        for name in ("API_KEY", "BASE_URL", "HOST"):
            monkeypatch.delenv(f"{family}_{name}", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Start gateways in front of fakes, each with a data directory of its own; all stop at the end."""
    async with AsyncExitStack() as stack:
        count = 0

        async def start(*families: str, **settings: Any) -> Served:
            nonlocal count
            count += 1
            folder = tmp_path / str(count)
            folder.mkdir()
            return await stack.enter_async_context(serving(folder, *families, **settings))

        yield start
