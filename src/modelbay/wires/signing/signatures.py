"""Signing the requests of one transport: it keeps what signers have learned, by the host they sign for."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from modelbay.wires.request import Request
from modelbay.wires.signing import check_machine
from modelbay.wires.signing.bench import Bench, Tokens

__all__ = ["Signatures"]


class Signatures:
    """Has requests signed that have a signer."""

    def __init__(
        self,
        ask: Callable[[Request], Awaitable[Any]],
        *,
        machine_identities: bool,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing learned.

        Args:
            ask: Returns the answer to a signer's own question.
            machine_identities: Whether signers may present the machine itself.
        """
        self._ask = ask
        self._machine_identities = machine_identities
        self._clock = clock
        self._tokens = Tokens(ticks)
        self._benches: dict[str, Bench] = {}

    @property
    def tokens(self) -> set[str]:
        """The tokens that are held: none of them may be told."""
        return self._tokens.values()

    async def signed(self, request: Request, body: bytes) -> Request:
        """Return the request as its signer wants it to be sent.

        Raises:
            InvokeError: What it takes to sign cannot be had, or may not be used.
        """
        if request.signer is None:
            return request
        check_machine(request.signer, allowed=self._machine_identities)
        return await request.signer.sign(request, body, self._bench(request))

    def mended(self, request: Request, status: int | None, headers: Mapping[str, str]) -> bool:
        """Whether the signer could mend what made the upstream refuse a request so."""
        if request.signer is None or status not in {401, 403}:
            return False
        return request.signer.refused(status, headers, self._bench(request))

    def _bench(self, request: Request) -> Bench:
        host = urlsplit(request.url).netloc
        bench = self._benches.get(host)
        if bench is None:
            bench = self._benches[host] = Bench(self._tokens, self._clock, self._ask)
        return bench
