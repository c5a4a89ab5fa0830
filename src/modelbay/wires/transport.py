"""The one place that talks to upstreams: requests out, JSON, events, lines or bytes back.

One transport serves any number of calls, event loops and threads at once; each event loop gets its own
connections. It needs a loop that can watch sockets (every one but Windows' proactor loop).
"""

from __future__ import annotations

import asyncio
import random as _random
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from modelbay.wires.fetching import fetch, file_settings, machine_settings
from modelbay.wires.framings import Framings
from modelbay.wires.request import Reply, Request
from modelbay.wires.sending import Sender
from modelbay.wires.settings import TransportSettings
from modelbay.wires.signing.signatures import Signatures

__all__ = ["Transport", "Transports"]


class Transport(Framings):
    """Sends requests. Making one does no work; the first call does.

    `batch_size` is how many texts a request for vectors may hold, whatever its model takes, and `parallelism`
    how many requests may be under way at once; None is no limit.
    """

    batch_size: int | None = None
    parallelism: int | None = None

    def __init__(
        self,
        settings: TransportSettings | None = None,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = _random.random,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        settings = settings or TransportSettings()
        machine = settings.machine_identities
        signatures = Signatures(self._ask, machine_identities=machine, clock=clock, ticks=ticks)
        super().__init__(Sender(settings, signatures, sleep=sleep, random=random))
        self._files = Sender(file_settings(settings), signatures, sleep=sleep, random=random)
        self._machine = Framings(Sender(machine_settings(settings), signatures, sleep=sleep, random=random))

    async def __aenter__(self) -> Transport:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def shared(self) -> Transport:
        """The transport whose connections these are."""
        return self

    def again(self) -> Transport:
        """Return the same way for another call."""
        return self

    def spent(self, tokens: int) -> None:
        """Take note of the tokens that a whole call has used up, where its terms count them."""
        if self._terms is not None:
            self._terms.spent(tokens)

    async def fetch(self, url: str) -> Reply:
        """Return a file that somebody else named: without credentials, from the public internet only.

        Redirects are followed, and each is judged like the first address.

        Raises:
            InvokeBadRequestError: It cannot be had, is too long, or is not public.
        """
        return await fetch(self._files, url)

    def close_idle(self) -> None:
        """Close the connections that no call uses, on every event loop."""
        self.sender.pools.close_idle()

    async def aclose(self) -> None:
        """Close every connection on every event loop; calls under way fail, and later ones are refused."""
        for each in (self._files, self._machine.sender, self.sender):
            each.pools.close()

    async def _ask(self, request: Request) -> Any:
        """Return the answer to a signer's own question."""
        return await (self._machine if request.to_machine else self).json(request)


class Transports:
    """One transport per distinct settings, so that connections are shared by all who may share them."""

    def __init__(self, most: int = 100) -> None:
        """Begin with none.

        Args:
            most: How many are kept. Those not used for longest are let go: calls under way go on, and idle
                connections are closed.
        """
        self._most = most
        self._made: OrderedDict[TransportSettings, Transport] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, settings: TransportSettings | None = None) -> Transport:
        """Return the transport for these settings; the same one for equal settings."""
        settings = settings or TransportSettings()
        with self._lock:
            found = self._made.get(settings)
            if found is not None:
                self._made.move_to_end(settings)
                return found
            found = self._made[settings] = Transport(settings)
            if len(self._made) > self._most:
                self._made.popitem(last=False)[1].close_idle()
            return found

    def __len__(self) -> int:
        return len(self._made)

    async def aclose(self) -> None:
        """Close all of them."""
        with self._lock:
            made, self._made = self._made, OrderedDict()
        for transport in made.values():
            await transport.aclose()
