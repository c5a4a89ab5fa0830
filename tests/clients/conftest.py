"""The gateway that clients are tried against, with fakes of the providers behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from tests.clients.control import control
from tests.clients.environments import Environments
from tests.clients.running import Gateway
from tests.gateway.serving import Served, serving

from modelbay.sdk.testing import Reply

collect_ignore = ["suites"]  # they run in the environments of their clients
GATEWAYS: Mapping[str, Mapping[str, Any]] = {
    "usual": {},
    "responses": {"api": "responses"},  # OpenAI's models are called through their Responses API
    "translated": {"lanes": False},  # nothing is relayed: also the same dialect is read and written
    "guide": {},  # every model says what the guide shows
}
_SHOWN = Reply(("A bay is a body of water ", "that land ", "surrounds on three sides."))
_FAMILIES = ("openai", "anthropic", "cohere", "jina")


@pytest.fixture(scope="session")
def environments() -> Iterator[Environments]:
    """Give the environments that clients are installed in."""
    environments = Environments()
    yield environments
    environments.close()


@pytest.fixture(scope="session")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Gateway]]:
    """Give a function that returns a running gateway of `GATEWAYS`; each is started once."""
    with ExitStack() as stack:
        running: dict[str, Gateway] = {}

        def started(name: str) -> Gateway:
            if name not in running:
                folder = tmp_path_factory.mktemp(name)
                served = stack.enter_context(_in_thread(folder, GATEWAYS[name]))
                if name == "guide":
                    for upstream in served.upstreams.values():
                        upstream.reply = _SHOWN
                door = stack.enter_context(control(served.upstreams))
                running[name] = Gateway(served.url, served.key, door)
            return running[name]

        yield started


@contextmanager
def _in_thread(folder: Path, options: Mapping[str, Any]) -> Iterator[Served]:
    """Run a gateway on an event loop of its own: the tests wait for other processes meanwhile."""
    begun, done = Event(), asyncio.Event()
    found: list[Served | BaseException] = []
    loop = asyncio.new_event_loop()

    async def live() -> None:
        try:
            async with serving(folder, *_FAMILIES, **options) as served:
                found.append(served)
                begun.set()
                await done.wait()
        except BaseException as error:
            found.append(error)
            begun.set()
            raise

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(live())

    thread = Thread(target=run)
    thread.start()
    begun.wait()
    if isinstance(found[0], BaseException):
        thread.join()
        raise found[0]
    yield found[0]
    loop.call_soon_threadsafe(done.set)
    thread.join()
