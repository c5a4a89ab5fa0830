"""TLS over memory: many records per read of the socket, and the same socket code as without TLS."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl

from modelbay.wires.http1.errors import WireError

__all__ = ["Tls", "tls_context"]

_RECEIVE = 65536
_WRITE_AT_ONCE = 2**20


@functools.lru_cache(maxsize=64)
def tls_context(ca_bundle: str | None, ca_pem: str | None = None) -> ssl.SSLContext:
    """Return the context for a CA bundle, made once: reading the system's certificates takes 20 ms.

    Args:
        ca_pem: The bundle itself, where it is no file.

    Raises:
        WireError: The bundle cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=ca_bundle, cadata=ca_pem)
    except OSError as error:  # includes ssl.SSLError: not a PEM file
        why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise WireError(
            f"The CA bundle {ca_bundle} cannot be read: {why}.", sent=False, lasting=True
        ) from None
    context.set_alpn_protocols(["http/1.1"])
    return context


class Tls:
    """The client's side of one TLS connection. `closed` tells that the other side has said its last."""

    __slots__ = ("_incoming", "_object", "_outgoing", "closed")

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self.closed = False

    async def handshake(self, sock: socket.socket) -> None:
        """Agree on keys.

        Raises:
            OSError: It failed (`ssl.SSLError` is one).
        """
        loop = asyncio.get_running_loop()
        done = False
        while not done:
            try:
                self._object.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            finally:
                if self._outgoing.pending:  # also what tells the other side why it is refused
                    await loop.sock_sendall(sock, self._outgoing.read())
            if not done:
                data = await loop.sock_recv(sock, _RECEIVE)
                if not data:
                    raise ConnectionResetError("the other side closed it")
                self._incoming.write(data)

    def seal(self, data: bytes) -> bytes:
        """Return `data` encrypted."""
        view = memoryview(data)
        while view:
            view = view[self._object.write(view[:_WRITE_AT_ONCE]) :]
        return self._outgoing.read()

    def open(self, data: bytes) -> bytes:
        """Return what encrypted `data` completes.

        Raises:
            ssl.SSLError: It is forged or damaged.
        """
        self._incoming.write(data)
        found: list[bytes] = []
        try:
            while self._incoming.pending or self._object.pending():
                piece = self._object.read(_RECEIVE)
                if not piece:
                    self.closed = True
                    break
                found.append(piece)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.closed = True
        return found[0] if len(found) == 1 else b"".join(found)

    def answer(self) -> bytes:
        """Return what TLS itself wants to tell the other side (new keys); mostly nothing."""
        return self._outgoing.read() if self._outgoing.pending else b""
