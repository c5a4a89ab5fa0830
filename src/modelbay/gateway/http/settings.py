"""What the HTTP server allows: sizes in bytes, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ServerSettings"]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where to listen, and the limits that hold for every connection.

    Attributes:
        host: Address to listen on; "" is every address.
        port: 0 lets the system choose.
        unix_socket: Path of a socket to listen on instead of host and port.
        tls_certificate: PEM file with the certificate and its chain; turns TLS on.
        tls_key: PEM file with the private key, if the certificate's file does not hold it.
        reuse_port: Share the port with other processes; the system spreads the connections.
        backlog: Connections that wait to be accepted.
        max_connections: Open at once; one more is answered with 503 and closed.
        max_head: Bytes of one request's head.
        max_headers: Number of headers of one request.
        max_target: Bytes of the path with its query.
        head_timeout: For the whole head, from its first byte; also for the first byte of a new connection.
        body_timeout: Silence while a body is awaited.
        body_rate: Bytes a second that a body must bring, on an average over `body_timeout`.
        keep_alive: Silence between two requests.
        send_timeout: For a client that takes nothing of what waits to be sent.
        linger: For a client that goes on sending after the connection's last answer.
        drain_unread: The most of an unread body that is read and dropped to keep the connection.
        read_ahead: Bytes of a body, or of further requests, that are held while nobody takes them.
        write_ahead: Bytes that wait for the client before `send` asks to be slower.
        sweep: How often the time limits are looked at.
    """

    host: str = "127.0.0.1"
    port: int = 0
    unix_socket: str | None = None
    tls_certificate: str | None = None
    tls_key: str | None = None
    reuse_port: bool = False
    backlog: int = 2048
    max_connections: int = 10_000
    max_head: int = 32 * 1024
    max_headers: int = 100
    max_target: int = 8 * 1024
    head_timeout: float = 10.0
    body_timeout: float = 30.0
    body_rate: int = 256
    keep_alive: float = 75.0
    send_timeout: float = 60.0
    linger: float = 5.0
    drain_unread: int = 64 * 1024
    read_ahead: int = 64 * 1024
    write_ahead: int = 64 * 1024
    sweep: float = 0.5
