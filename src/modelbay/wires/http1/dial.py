"""Makes connections: name resolution, TCP, proxy, TLS."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import ssl
from collections.abc import Collection, Sequence
from typing import Any

from modelbay.wires.http1.connection import Connection
from modelbay.wires.http1.errors import WireError
from modelbay.wires.http1.guard import is_metadata, may_reach, may_reach_by_name
from modelbay.wires.http1.head import LONGEST_HEAD, read_head
from modelbay.wires.http1.proxy import Proxy
from modelbay.wires.http1.target import Target
from modelbay.wires.http1.tls import Tls

__all__ = ["dial"]

_Address = tuple[int, Any]
_HEAD_START = 0.25  # seconds an address has before the next one is tried beside it (RFC 8305)


async def dial(
    target: Target,
    proxy: Proxy | None,
    tls: ssl.SSLContext | None,
    private: Collection[str] | None = None,
    private_proxy: Collection[str] | None = None,
) -> Connection:
    """Connect to a target, through a proxy if there is one.

    Args:
        tls: For https, None for http.
        private: The only hosts that may be at a private address (see `guard.may_reach`). What is behind a
            proxy only the proxy knows: there, addresses in figures are judged, and names are its business.
        private_proxy: The same for the proxy itself.

    Raises:
        WireError: With `sent` False: nothing of the request has left.
    """
    if proxy:
        if not may_reach_by_name(target.host, target.port, private):
            raise _private(target.host)
        sock = await _tcp(proxy.host, proxy.port, "proxy", private_proxy)
    else:
        sock = await _tcp(target.host, target.port, "provider", private)
    host, port = (proxy.host, proxy.port) if proxy else (target.host, target.port)
    try:
        if proxy and target.scheme == "https":
            await _tunnel(sock, target, proxy)
        secured = await _secure(sock, tls, target.host) if tls is not None else None
        return Connection(sock, asyncio.get_running_loop(), secured)
    except OSError as error:
        sock.close()
        why = _reason(error)
    except BaseException:
        sock.close()
        raise
    raise WireError(f"The connection to {host}:{port} broke while it was made: {why}.", sent=False)


async def _tcp(host: str, port: int, whom: str, private: Collection[str] | None) -> socket.socket:
    place = f"{host}:{port}"
    try:
        addresses = await _resolve(host, port)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "the name is not valid"
        raise WireError(f"The {whom}'s host {host} cannot be found: {why}.", sent=False) from None
    found = [str(each[1][0]) for each in addresses]
    addresses = [each for each in addresses if may_reach(host, port, str(each[1][0]), private)]
    if not addresses:
        raise _private(host, metadata=any(map(is_metadata, found)))
    try:
        sock = await _first_of(addresses)
    except OSError as error:
        raise WireError(f"Cannot connect to the {whom} at {place}: {_reason(error)}.", sent=False) from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return sock


def _private(host: str, *, metadata: bool = False) -> WireError:
    if metadata:
        text = f"{host} is where clouds keep the keys of machines: only its address itself can be allowed."
    else:
        text = f"{host} is not on the public internet, and only hosts that are allowed may be private."
    return WireError(text, sent=False, lasting=True)


def _reason(error: OSError) -> str:
    """Return why, without the address that asyncio repeats."""
    return (error.strerror or str(error)).partition("Connect call failed")[0].strip(" :.[]") or "refused"


async def _resolve(host: str, port: int) -> list[_Address]:
    """Return addresses, families taking turns. An address in figures needs no resolver and no thread."""
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, host)
            return [(family, (host, port))]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses: list[_Address] = [(family, address) for family, _, _, _, address in found]
    first = [each for each in addresses if each[0] == addresses[0][0]]
    other = [each for each in addresses if each[0] != addresses[0][0]]
    turns = itertools.chain.from_iterable(itertools.zip_longest(first, other))
    return [each for each in turns if each is not None]


async def _first_of(addresses: Sequence[_Address]) -> socket.socket:
    """Return a socket connected to whichever address answers first, favouring the earlier ones."""
    if len(addresses) == 1:
        return await _connect(addresses[0])
    running: set[asyncio.Task[socket.socket]] = set()
    waiting = list(addresses)
    failure: OSError = OSError("no address")
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(_connect(waiting.pop(0))))
            done, running = await asyncio.wait(
                running, timeout=_HEAD_START if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                error = task.exception()
                if error is None:
                    running |= done - {task}
                    return task.result()
                failure = error if isinstance(error, OSError) else failure
        raise failure
    finally:
        await _abandon(running)


async def _abandon(tasks: set[asyncio.Task[socket.socket]]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, socket.socket):
            result.close()


async def _connect(address: _Address) -> socket.socket:
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address[1])
    except BaseException:
        sock.close()
        raise
    return sock


async def _tunnel(sock: socket.socket, target: Target, proxy: Proxy) -> None:
    """Ask the proxy to connect us through (RFC 9110, section 9.3.6)."""
    loop = asyncio.get_running_loop()
    lines = [f"CONNECT {target.place} HTTP/1.1", f"Host: {target.place}"]
    lines += [f"{name}: {value}" for name, value in proxy.headers.items()]
    await loop.sock_sendall(sock, ("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        # Byte by byte at the end, so that nothing of the TLS handshake is taken; a proxy's answer is short.
        piece = await loop.sock_recv(sock, 1)
        if not piece or len(answer) > LONGEST_HEAD:
            raise WireError(f"The proxy {proxy.place} closed the connection.", sent=False)
        answer += piece
    status = read_head(answer[:-4]).status
    if not 200 <= status < 300:
        hint = " Check its user and password." if status == 407 else ""
        raise WireError(
            f"The proxy {proxy.place} refused to connect to {target.place} (HTTP {status}).{hint}",
            sent=False,
            lasting=status in {401, 403, 407},
        )


async def _secure(sock: socket.socket, context: ssl.SSLContext, host: str) -> Tls:
    tls = Tls(context, host)
    try:
        await tls.handshake(sock)
        return tls
    except ssl.SSLCertVerificationError as error:
        why = (error.verify_message or "it is not trusted").rstrip(".")
        text = (
            f"The certificate of {host} is not accepted: {why}. If a private authority signed it, "
            "name that authority's PEM file as ca_bundle."
        )
        lasting = True
    except OSError as error:
        why = getattr(error, "reason", None) or error.strerror or str(error)
        text, lasting = f"The secure connection to {host} failed: {why}.", False
    raise WireError(text, sent=False, lasting=lasting)
