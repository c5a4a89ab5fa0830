"""How requests present themselves: a signature is in the address, and a password in a header."""

from __future__ import annotations

from dataclasses import replace

from modelbay.wires.request import Request


def signed_only(request: Request) -> Request:
    """Return a request that will be signed without the password, which is for the HTTP interface alone."""
    headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
    return replace(request, headers=headers)
