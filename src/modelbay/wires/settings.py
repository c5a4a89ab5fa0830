"""How a transport reaches the network: proxy, certificates, timeouts, retries."""

from __future__ import annotations

from dataclasses import dataclass, field

from modelbay.wires.request import Timeouts

__all__ = ["TransportSettings"]


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """Settings of one transport; equal settings share one pool of connections (`Transports`).

    Attributes:
        proxy: `http://user:password@host:port`, for every host; None asks the environment if `trust_env`.
        ca_bundle: PEM file that is trusted instead of the system's certificates.
        ca_pem: The same as text; not beside `ca_bundle`.
        timeouts: Defaults for calls that bring none.
        max_connections: Open at once, per event loop; further calls wait for their turn.
        retries: Extra attempts after the first, where repeating is safe.
        backoff: Seconds before the first retry; doubles each time.
        backoff_limit: Longest pause that is chosen here.
        retry_after_limit: Longest pause that an upstream may ask for; beyond it the error is raised at once.
        trust_env: Whether `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` count.
        keep_alive: Seconds for which an idle connection is kept.
        max_answer: Bytes of one complete answer, after decompression.
        max_line: Bytes of one event or line of a stream.
        private_hosts: The only hosts that may be at private addresses; None lets every host be there, but for
            where clouds keep the keys of their machines (see `http1.guard`).
        proxy_hosts: The same for `proxy` itself, which somebody may have set who may not go everywhere.
        machine_identities: Whether signers may present the machine itself: an IAM role, application default
            credentials, a managed identity.
        max_file: Bytes of one file that is fetched because a message names its address.
        file_hosts: Hosts at private addresses from which such files may be fetched.
    """

    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    ca_pem: str | None = field(default=None, repr=False)
    timeouts: Timeouts = field(default_factory=Timeouts)
    max_connections: int = 1000
    retries: int = 2
    backoff: float = 0.5
    backoff_limit: float = 8.0
    retry_after_limit: float = 60.0
    trust_env: bool = True
    keep_alive: float = 60.0
    max_answer: int = 256 * 2**20
    max_line: int = 16 * 2**20
    private_hosts: frozenset[str] | None = None
    proxy_hosts: frozenset[str] | None = None
    machine_identities: bool = True
    max_file: int = 32 * 2**20
    file_hosts: frozenset[str] = frozenset()
