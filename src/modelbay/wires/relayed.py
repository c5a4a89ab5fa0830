"""An upstream's answer that is passed on as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from modelbay.errors import InvokeError
from modelbay.wires.answers import mapped, read_reply
from modelbay.wires.http1.exchange import Exchange
from modelbay.wires.redaction import redact_bytes, redact_error

__all__ = ["Relayed"]


class Relayed:
    """A 2xx answer. Read it `whole` or let it `flow`; close it in any case."""

    __slots__ = ("_answer", "_may_flow", "_most", "_secrets")

    def __init__(self, answer: Exchange, most: int, secrets: Callable[[], set[str]]) -> None:
        self._answer = answer
        self._most = most
        self._secrets = secrets
        self._may_flow = asyncio.Event()
        self._may_flow.set()

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name."""
        return self._answer.head.headers

    def redacted(self, data: bytes) -> bytes:
        """Return data without the credentials of the request: for what may be an error."""
        return redact_bytes(data, self._secrets())

    def quiet(self, error: InvokeError) -> InvokeError:
        """Return an error that quotes the answer without the credentials of the request."""
        return redact_error(error, self._secrets())

    async def whole(self) -> bytes:
        """Return the body; InvokeError if it breaks off or is too long."""
        with mapped():
            return (await read_reply(self._answer, self._most)).body

    async def flow(self, give: Callable[[bytes], object]) -> None:
        """Give each piece of the body on in the moment that it arrives; return at its end.

        Raises:
            InvokeError: The answer broke off or stalled; or whatever `give` raises.
        """
        answer = self._answer
        try:
            with mapped():
                if not answer.compressed:
                    await answer.push(give)
                    return
                while data := await answer.read():
                    give(data)
                    await self._may_flow.wait()
        finally:
            answer.close()

    def pause(self) -> None:
        """Hold the upstream back."""
        self._may_flow.clear()
        self._answer.pause()

    def resume(self) -> None:
        """Let it flow again."""
        self._may_flow.set()
        self._answer.resume()

    def close(self) -> None:
        """Let go of the connection: at once, if the body is not complete."""
        self._answer.close()
