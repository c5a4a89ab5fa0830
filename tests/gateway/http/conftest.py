"""Every test of the server runs on asyncio's own event loop and on uvloop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Loops = dict[str, Callable[[], asyncio.AbstractEventLoop]]


def pytest_asyncio_loop_factories() -> Loops:
    loops: Loops = {"asyncio": asyncio.new_event_loop}
    try:
        import uvloop
    except ImportError:  # it is optional
        return loops
    return loops | {"uvloop": uvloop.new_event_loop}
