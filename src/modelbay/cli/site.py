"""The gateway with its pages, as a process of `modelbay serve` runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.console.pages import Pages
from modelbay.gateway import app
from modelbay.gateway.app import Gateway


def make_app(options: Mapping[str, Any], worker: int) -> Gateway:
    """Return the gateway of one worker process, see `app.make_app`."""
    gateway = app.make_app(options, worker)
    gateway.pages = Pages()
    return gateway
