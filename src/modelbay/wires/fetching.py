"""Files that messages name by address: fetched without credentials, from the public internet only."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from modelbay.errors import InvokeBadRequestError, InvokeError, InvokeServerUnavailableError
from modelbay.wires.answers import mapped, read_reply
from modelbay.wires.http1.guard import ANYWHERE
from modelbay.wires.request import Reply, Request, Timeouts, public_url
from modelbay.wires.sending import Sender
from modelbay.wires.settings import TransportSettings

__all__ = ["fetch", "file_settings", "machine_settings"]

_MOST_REDIRECTS = 5
_TIMEOUTS = Timeouts(connect=10.0, first_byte=20.0, idle=20.0, total=60.0)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def file_settings(settings: TransportSettings) -> TransportSettings:
    """Return the settings of the sender that fetches files beside one with these settings."""
    return replace(
        settings,
        private_hosts=settings.file_hosts,
        max_answer=settings.max_file,
        timeouts=_TIMEOUTS,
        retries=min(settings.retries, 1),
    )


def machine_settings(settings: TransportSettings) -> TransportSettings:
    """Return the settings of the sender that asks this machine's own services, beside one with these."""
    return replace(settings, proxy=None, trust_env=False, private_hosts=frozenset({ANYWHERE}))


async def fetch(sender: Sender, url: str) -> Reply:
    """Return the file at an address, or at the one to which it redirects.

    Args:
        sender: With `file_settings`: it connects to public addresses only.

    Raises:
        InvokeBadRequestError: It cannot be had; the message says why, without the address's query.
    """
    address = url
    for _ in range(_MOST_REDIRECTS + 1):
        if urlsplit(address).scheme not in {"http", "https"}:
            raise _refusal(url, "only http:// and https:// addresses are fetched")
        location = ""
        try:
            with mapped():
                request = Request("GET", _without_user(address), idempotent=True, redirects=True)
                answer = await sender.open(request)
                if answer.head.status not in _REDIRECTS:
                    return await read_reply(answer, sender.settings.max_answer)
                location = answer.head.headers.get("location", "")
                answer.close()
        except InvokeError as error:
            raise _refusal(url, _why(error)) from None
        address = urljoin(address, location)
    raise _refusal(url, f"it redirects more than {_MOST_REDIRECTS} times")


def _without_user(url: str) -> str:
    """Return the address without a user's name and password: what they open is not ours to open."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _why(error: InvokeError) -> str:
    if isinstance(error, InvokeServerUnavailableError) and error.status is None:
        return error.description.replace("The provider's answer", "it")
    return f"the server answered {error.status}" if error.status else error.description


def _refusal(url: str, why: str) -> InvokeBadRequestError:
    return InvokeBadRequestError(f"the file at {public_url(url)} cannot be fetched: {why}")
