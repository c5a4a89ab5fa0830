"""Addresses and certificates: the sockets a server listens on, made before anything else can go wrong."""

from __future__ import annotations

import socket
import ssl
import stat
from collections.abc import Iterable
from pathlib import Path

from modelbay.errors import ModelbayError
from modelbay.gateway.http.settings import ServerSettings

__all__ = ["ListenError", "address_of", "bind", "release", "tls_context"]


class ListenError(ModelbayError):
    """An address or a certificate cannot be used; the message names the setting."""

    summary = "The server cannot listen."


def bind(settings: ServerSettings) -> list[socket.socket]:
    """Return bound sockets: one per address of the host, or one for the unix socket.

    Raises:
        ListenError: An address is taken, unknown, or not allowed.
    """
    if settings.unix_socket is not None:
        return [_bind_path(Path(settings.unix_socket))]
    host, port = settings.host, settings.port
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, *_, address in dict.fromkeys(found):
            sockets.append(_bind_address(family, (address[0], port, *address[2:]), settings))
            port = sockets[-1].getsockname()[1]  # port 0 is chosen once, for all addresses
    except OSError as error:
        release(sockets, settings)
        raise ListenError(f"host, port: cannot listen on {host}:{port}: {error.strerror or error}") from error
    return sockets


def _bind_address(family: int, address: tuple[object, ...], settings: ServerSettings) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if settings.reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _bind_path(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        sock.bind(str(path))
    except OSError as error:
        sock.close()
        raise ListenError(f"unix_socket: cannot listen on {path}: {error.strerror or error}") from error
    return sock


def _remove_stale(path: Path) -> None:
    """Remove a socket that a server left behind when it was killed; one that is answered stays."""
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def release(sockets: Iterable[socket.socket], settings: ServerSettings) -> None:
    """Close sockets, and remove the path of a unix socket. Sockets may be closed already."""
    for each in sockets:
        each.close()
    if settings.unix_socket is not None:
        Path(settings.unix_socket).unlink(missing_ok=True)


def address_of(sock: socket.socket) -> str:
    """Return where a socket listens, as a person writes it: `host:port` or a path."""
    name = sock.getsockname()
    if isinstance(name, str):
        return name
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def tls_context(settings: ServerSettings) -> ssl.SSLContext | None:
    """Return the context for the certificate files, None without any.

    Raises:
        ListenError: They cannot be read, or do not belong together.
    """
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:
        files = " and ".join(each for each in (settings.tls_certificate, settings.tls_key) if each)
        raise ListenError(f"tls_certificate, tls_key: cannot use {files}: {error}") from error
    return context
