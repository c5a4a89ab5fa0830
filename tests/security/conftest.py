"""An upstream that must never be called, and all that a log could show of a value."""

from __future__ import annotations

import json
import logging
import pprint
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.upstreams.openai import OpenAIUpstream

KEY = "sk-live-0123456789abcdef"


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees a cache, a key or a proxy of this machine."""
    monkeypatch.setenv("MODELBAY_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "security-cache"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def upstream() -> AsyncIterator[OpenAIUpstream]:
    """The upstream that the credentials are for."""
    async with OpenAIUpstream(key=KEY) as fake:
        yield fake


@pytest.fixture
async def thief() -> AsyncIterator[OpenAIUpstream]:
    """A server of somebody else: the test fails if it is called at all."""
    async with OpenAIUpstream(key=None) as fake:
        yield fake
    assert not fake.requests
    assert not fake.accepted


def openai(upstream: OpenAIUpstream, **more: Any) -> dict[str, Any]:
    """Return credentials for an upstream."""
    given = {"openai_api_key": KEY, "openai_api_base": upstream.url, "api_protocol": "chat", **more}
    return {"openai": given}


def shown(value: object) -> str:
    """Return all that printing, formatting, logging or dumping would show of a value."""
    record = logging.LogRecord("x", 10, "x", 1, "%s %r", (value, value), None)
    seen = [str(value), repr(value), f"{value}", f"{value!a}", pprint.pformat(value), record.getMessage()]
    seen.append(repr([value]) + repr({"x": value}))
    seen.append(json.dumps(value, default=repr))
    if isinstance(value, BaseException):
        seen += [*traceback.format_exception(value), repr(vars(value)), repr(value.args)]
    return "\n".join(seen)


def touch(path: Path) -> str:
    """Return Python that leaves a mark."""
    return f"import pathlib; pathlib.Path({str(path)!r}).touch()"
