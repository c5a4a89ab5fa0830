"""Credentials that are not sent as they are: tokens that expire, and signatures made for each request.

A module here is a scheme (`wire.auth.scheme`); its `make(settings)` returns a signer. The transport asks the
signer before every attempt. What it fetches for that goes through the same transport, and what it learns (a
token, how far the clocks are apart) is kept there and nowhere else.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from modelbay.errors import InvokeAuthorizationError
from modelbay.wires.signing.bench import Bench, Token

if TYPE_CHECKING:
    from modelbay.wires.request import Request

__all__ = ["Bench", "Signer", "Token", "check_machine", "required", "signer_of"]


class Signer(Protocol):
    """Presents credentials of one kind.

    One that presents the identity of the machine itself, which is nobody's credentials, says so by
    `presents_machine`.
    """

    async def sign(self, request: Request, body: bytes, bench: Bench) -> Request:
        """Return the request as it is to be sent: with more headers, or another address.

        Args:
            body: As it goes over the wire.
        """
        ...

    def refused(self, status: int, headers: Mapping[str, str], bench: Bench) -> bool:
        """Take note of a refusal (401 or 403); True if something was mended: one more attempt is worth it."""
        ...


def signer_of(scheme: str, settings: Mapping[str, str]) -> Signer:
    """Return the signer of a scheme.

    Raises:
        InvokeAuthorizationError: A setting is missing; the message names it.
    """
    module = importlib.import_module(f"{__name__}.{scheme}")
    signer: Signer = module.make(settings)
    return signer


def check_machine(signer: Signer, *, allowed: bool) -> None:
    """Refuse to present the machine itself to somebody whom that is not for.

    Raises:
        InvokeAuthorizationError: The signer does so, and it is not allowed.
    """
    if not allowed and getattr(signer, "presents_machine", False):
        raise InvokeAuthorizationError(
            "this workspace may not use the machine's own identity (IAM role, application default "
            "credentials, managed identity): give credentials with keys; the installation may allow it in "
            "gateway.yaml, machine_identities"
        )


def required(settings: Mapping[str, str], *names: str) -> list[str]:
    """Return the settings of these names; InvokeAuthorizationError, naming it, if one is empty."""
    for name in names:
        if not settings.get(name):
            raise InvokeAuthorizationError(f"the credentials lack what gives '{name}': fill it in")
    return [settings[name] for name in names]
