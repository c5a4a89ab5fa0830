"""Guesses of passwords: counted before they are looked at, in the database, for all processes together."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from modelbay.platform.people.refusals import TooManyAttemptsError
from modelbay.store import Database
from modelbay.store import sessions as queries

LOCK: Final = "sign-in"
"""Under which all that signs somebody in, or changes a password, is written."""
_FORGET: Final = 86_400.0  # seconds without a guess
_IPV6_NETWORK: Final = 64  # bits that one household or server has to itself


@dataclass(frozen=True, slots=True)
class Counted:
    """What guesses are counted under: `free` of them cost no time, `longest` is the longest wait."""

    name: str
    free: int
    longest: float

    def wait_after(self, failures: int) -> float:
        """Return the seconds to wait after so many guesses: 1, 2, 4 … beyond the free ones."""
        beyond = failures - self.free
        return min(self.longest, 2.0 ** min(beyond - 1, 30)) if beyond > 0 else 0.0


def counted_by_email(email: str) -> Counted:
    """Return what guesses for an e-mail are counted under: its hash, as strangers' need not be stored."""
    digest = hashlib.sha256(email.encode("utf-8", "surrogatepass")).hexdigest()
    return Counted(f"email:{digest}", free=5, longest=300.0)


def counted_by_address(address: str) -> Counted:
    """Return what guesses from an address are counted under; many people can be behind one."""
    return Counted(f"address:{_network(address)}", free=30, longest=900.0)


def admit(database: Database, counted: Sequence[Counted], *, now: float) -> None:
    """Count a guess, or refuse to look at it. Inside a transaction under `LOCK`.

    It is counted before it is known to be wrong: a hundred at once are a hundred.

    Raises:
        TooManyAttemptsError: It comes too early; it is not counted.
    """
    states = [queries.attempts(database, each.name) for each in counted]
    wait = max((until - now for _, until, _ in states), default=0.0)
    if wait > 0:
        raise TooManyAttemptsError(float(ceil(wait)))
    for each, (before, _, last) in zip(counted, states, strict=True):
        failures = (before if now - last < _FORGET else 0) + 1
        until = now + each.wait_after(failures)
        queries.set_attempts(database, each.name, failures=failures, until=until, at=now)


def passed(database: Database, email: Counted, address: Counted, *, now: float) -> None:
    """Note that a guess was none: the e-mail's are forgotten, of the address's only this one.

    Else whoever has one account could clear the address between guesses at others'. Inside a transaction.
    """
    queries.forget_attempts(database, email.name)
    queries.forgive_attempt(database, address.name)
    queries.sweep_attempts(database, before=now - _FORGET)


def forgive(database: Database, address: Counted) -> None:
    """Note that a guess from an address was none. Inside a transaction."""
    queries.forgive_attempt(database, address.name)


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
        return str(parsed.ipv4_mapped)
    return str(parsed)
