"""Gateways for tests: nothing of this machine, one cache of the catalog for all, and what they run on.

A test that takes `installation` runs three times: on SQLite, on PostgreSQL, and with two servers that share
PostgreSQL and Redis and are asked by turns. What looks into the process that serves, or is of one process by
its nature, is marked `one_process` with the reason, and runs on the two databases.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.pair import FORKS, forking
from tests.gateway.serving import serving
from tests.platform.databases import using

from modelbay.platform.shared import VARIABLE as REDIS

Serve = Callable[..., Any]
TWO_SERVERS = "two-servers"
INSTALLATIONS = ("sqlite", "postgresql", TWO_SERVERS)
EVERYWHERE = pytest.mark.usefixtures("installation")
"""For tests that talk to what they have started by `serve`."""
_MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
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

        async def start(*families: str, **settings: Any) -> Any:
            nonlocal count
            count += 1
            folder = tmp_path / str(count)
            folder.mkdir()
            return await stack.enter_async_context(serving(folder, *families, **settings))

        yield start


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have tests that take `installation` run on each that they can."""
    if "installation" in metafunc.fixturenames:
        one = metafunc.definition.get_closest_marker("one_process")
        metafunc.parametrize("installation", INSTALLATIONS[: 2 if one else 3], indirect=True)


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where servers are forked."""
    with forking(tmp_path_factory.mktemp("forks")) as path:
        yield path


@pytest.fixture
def installation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of what all gateways that the test starts run on."""
    if request.param == TWO_SERVERS:
        monkeypatch.setenv(FORKS, str(request.getfixturevalue("forks")))
        monkeypatch.setenv(REDIS, request.getfixturevalue("redis").url)
        monkeypatch.setenv("MODELBAY_MASTER_KEY", _MASTER_KEY)  # else each has one of its own
    with using("sqlite" if request.param == "sqlite" else "postgresql", request, monkeypatch):
        yield request.param
