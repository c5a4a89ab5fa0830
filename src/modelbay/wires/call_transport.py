"""The transport as one call has it whose requests are on terms: the same connections, and the terms."""

from __future__ import annotations

from collections.abc import Callable

from modelbay.wires.allowance import Allowance
from modelbay.wires.framings import Framings
from modelbay.wires.network import Network
from modelbay.wires.request import Reply
from modelbay.wires.terms import Terms
from modelbay.wires.transport import Transport

__all__ = ["CallTransport"]


class CallTransport(Transport):
    """Sends the requests of one call over the transport beneath it, which it neither owns nor closes."""

    def __init__(
        self, beneath: Callable[[], Transport], network: Network, allowance: Allowance | None = None
    ) -> None:
        self._beneath = beneath
        self._network = network
        self._allowance = allowance
        self._shared = beneath()
        self.batch_size = network.batch_size
        self.parallelism = network.parallelism
        # It has no connections of its own.
        Framings.__init__(self, self._shared.sender, Terms(network, allowance))

    @property
    def shared(self) -> Transport:
        """The transport beneath."""
        return self._shared

    def again(self) -> Transport:
        """Return the same for another call."""
        return CallTransport(self._beneath, self._network, self._allowance)

    async def fetch(self, url: str) -> Reply:
        """Return a file that somebody else named; it is not the provider's, so on no terms."""
        return await self._shared.fetch(url)

    def close_idle(self) -> None:
        """Leave the connections alone: they are everybody's."""

    async def aclose(self) -> None:
        """Leave the connections alone: they are everybody's."""
