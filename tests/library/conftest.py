"""Both twins of the library, asked in the same words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.plugins import write_plugin

from modelbay import AsyncModelbay, Modelbay
from modelbay.library import LLM

MakeBay = Callable[..., Any]


async def ask(owner: Any, method: str, *args: Any, **named: Any) -> Any:
    """Call a method of a twin and return its result."""
    work = getattr(owner, method)
    if isinstance(owner, Modelbay | LLM):
        return await asyncio.to_thread(work, *args, **named)
    return await work(*args, **named)


async def read(owner: Any, method: str, *args: Any, **named: Any) -> list[Any]:
    """Return all that a streaming method of a twin yields."""
    work = getattr(owner, method)
    if isinstance(owner, Modelbay | LLM):
        return await asyncio.to_thread(lambda: list(work(*args, **named)))
    return [item async for item in work(*args, **named)]


async def close(bay: Any) -> None:
    """Close a twin."""
    if isinstance(bay, Modelbay):
        await asyncio.to_thread(bay.close)
    else:
        await bay.aclose()


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees a cache or a key of this machine."""
    monkeypatch.setenv("MODELBAY_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "library-cache"))
    for name in ("ACME_KEY", "ACME_OLD_KEY", "ACME_REGION", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plugin `acme`; one for all tests, as reading it anew takes time."""
    folder = tmp_path_factory.mktemp("plugins")
    write_plugin(folder)
    return folder


@pytest.fixture(params=["async", "blocking"])
async def make(request: pytest.FixtureRequest, plugins: Path) -> Any:
    """Make a twin that knows the plugin `acme`; all are closed at the end."""
    made: list[Any] = []

    def make_bay(*args: Any, **named: Any) -> Any:
        kind = AsyncModelbay if request.param == "async" else Modelbay
        made.append(kind(*args, **{"plugins": [plugins], "environment": False, **named}))
        return made[-1]

    yield make_bay
    for bay in made:
        await close(bay)


@pytest.fixture
def bay(make: MakeBay) -> Any:
    """A twin with a key for `acme`."""
    return make({"acme": "k-12345678"})


@pytest.fixture
def blocking(tmp_path: Path) -> Iterator[Modelbay]:
    """The blocking twin, for what only it can do wrong; its plugin has gates that no other test touches."""
    write_plugin(tmp_path)
    with Modelbay({"acme": "k-12345678"}, plugins=[tmp_path], environment=False) as made:
        yield made


def acme_class(bay: Modelbay) -> Any:
    """Return the plugin's class, with its gates."""
    return type(bay._twin.engine._prepare("acme/chat", "llm").instance)  # type: ignore[arg-type]
