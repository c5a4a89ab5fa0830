"""The keys of the role that this installation has: environment, profile, container, machine.

AWS's own library finds them, for there are a dozen ways. It is the extra `modelbay[aws]`, loaded only when a
role is to sign. What it does blocks, so it runs on a thread; the keys are kept until shortly before they
expire.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import Any, NamedTuple

import orjson

from modelbay.errors import InvokeAuthorizationError
from modelbay.wires.signing.bench import Bench, Token

__all__ = ["AwsKeys", "forget", "keys"]

_KEY = "aws-role"
_LIVES = (3600, 900, 300)  # seconds for which keys may be kept, longest first
_SHORTEST = 60


class AwsKeys(NamedTuple):
    """What signs; `session_token` is "" for keys that do not expire."""

    access_key: str
    secret_key: str
    session_token: str = ""


async def keys(bench: Bench) -> AwsKeys:
    """Return the role's keys.

    Raises:
        InvokeAuthorizationError: There is no role, or the extra is not installed; the message says what to
        do.
    """
    return AwsKeys(*orjson.loads(await bench.token(_KEY, _fetch)))


def forget(bench: Bench) -> None:
    """Drop the role's keys: they were refused."""
    bench.drop(_KEY)


async def _fetch() -> Token:
    return await asyncio.to_thread(_find)


def _find() -> Token:
    try:
        # An optional extra, and slow to load: only those whose role signs need it.
        session = importlib.import_module("botocore.session")
        problems = importlib.import_module("botocore.exceptions")
    except ModuleNotFoundError:
        raise InvokeAuthorizationError(
            "signing with an IAM role needs botocore: give access keys, or install modelbay[aws]"
        ) from None
    try:
        found = session.Session().get_credentials()
        frozen = found.get_frozen_credentials() if found is not None else None
    except problems.BotoCoreError as error:
        raise InvokeAuthorizationError(f"the IAM role gave no credentials: {error}") from None
    if frozen is None:
        raise InvokeAuthorizationError(
            "no IAM role was found here (environment, profile, container, machine): give access keys"
        )
    value = orjson.dumps([frozen.access_key, frozen.secret_key, frozen.token or ""]).decode()
    return Token(value, _life(found))


def _life(credentials: Any) -> float:
    """Return the seconds for which keys may be kept without asking again."""
    expires_within = getattr(credentials, "refresh_needed", None)
    if expires_within is None:
        return _LIVES[0]
    return next((life for life in _LIVES if not expires_within(refresh_in=life)), _SHORTEST)
