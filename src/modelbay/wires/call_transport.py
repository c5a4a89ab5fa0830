"""The transport as one call has it whose requests are on terms: the same connections, and the terms."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any

from modelbay.wires.allowance import Allowance
from modelbay.wires.http1.exchange import Exchange
from modelbay.wires.network import Network
from modelbay.wires.relayed import Relayed
from modelbay.wires.request import Event, Reply, Request
from modelbay.wires.terms import Terms
from modelbay.wires.transport import Transport

__all__ = ["CallTransport"]


class CallTransport(Transport):
    """Sends the requests of one call over the transport beneath it, which it neither owns nor closes."""

    def __init__(  # its state is beneath
        self, beneath: Callable[[], Transport], network: Network, allowance: Allowance | None = None
    ) -> None:
        self._beneath = beneath
        self._network = network
        self._allowance = allowance
        self._terms = Terms(network, allowance)
        self._shared = beneath()
        self.settings = self._shared.settings
        self.batch_size = network.batch_size
        self.parallelism = network.parallelism

    @property
    def shared(self) -> Transport:
        """The transport beneath."""
        return self._shared

    def again(self) -> Transport:
        """Return the same for another call."""
        return CallTransport(self._beneath, self._network, self._allowance)

    def spent(self, tokens: int) -> None:
        """Take note of the tokens that the whole call has used up."""
        self._terms.spent(tokens)

    async def json(self, request: Request) -> Any:
        """Return the decoded JSON of a 2xx answer."""
        return await self._shared.json(self._on_terms(request))

    async def send(self, request: Request) -> Reply:
        """Return a complete 2xx answer."""
        return await self._shared.send(self._on_terms(request))

    def events(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield server-sent events as they arrive."""
        return self._shared.events(self._on_terms(request))

    def lines(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the lines of newline-delimited JSON as they arrive."""
        return self._shared.lines(self._on_terms(request))

    def aws_events(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the events of an AWS event stream as they arrive."""
        return self._shared.aws_events(self._on_terms(request))

    def messages(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the messages of a websocket as they arrive."""
        return self._shared.messages(self._on_terms(request))

    def chunks(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of an answer as they come."""
        return self._shared.chunks(self._on_terms(request))

    async def relay(self, request: Request, *, streamed: bool = False) -> Relayed:
        """Return a 2xx answer whose body is yet to come."""
        return await self._shared.relay(self._on_terms(request), streamed=streamed)

    async def fetch(self, url: str) -> Reply:
        """Return a file that somebody else named; it is not the provider's, so on no terms."""
        return await self._shared.fetch(url)

    async def open_file(self, request: Request) -> Exchange:
        """Return the answer to a request for a file."""
        return await self._shared.open_file(request)

    def close_idle(self) -> None:
        """Leave the connections alone: they are everybody's."""

    async def aclose(self) -> None:
        """Leave the connections alone: they are everybody's."""

    def _on_terms(self, request: Request) -> Request:
        return replace(request, terms=self._terms)
