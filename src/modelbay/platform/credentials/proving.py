"""Asking a provider whether credentials work: with a deadline, and not too often."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from modelbay.entities import Credentials, ModelType
from modelbay.errors import CredentialsValidateFailedError, InvokeRateLimitError, ModelbayError, redact
from modelbay.platform.credentials.forms import FormValue
from modelbay.platform.credentials.target import Target
from modelbay.platform.shared import Ask, Kind, Refused, Shared

DEADLINE: Final = 30.0
A_MINUTE: Final = 10
_MINUTE: Final = 60.0


class Prove(Protocol):
    """Asks a provider, as `Engine.validate_credentials` does."""

    async def __call__(
        self,
        provider: str,
        credentials: Mapping[str, Any] | None = None,
        *,
        model: str | None = None,
        model_type: ModelType | None = None,
    ) -> None:
        """Return if the credentials work.

        Raises:
            ModelbayError: They do not, or nobody could tell.
        """
        ...


class Proving:
    """Proves credentials before they are saved.

    A workspace may ask `a_minute` times within a minute: a provider bans those who try keys, and blames the
    installation for it.
    """

    def __init__(
        self,
        prove: Prove | None = None,
        *,
        within: Callable[[str], Awaitable[Prove]] | None = None,
        shared: Shared | None = None,
        deadline: float = DEADLINE,
        a_minute: int = A_MINUTE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prove by asking providers.

        Args:
            prove: Asks, for whichever workspace; or …
            within: … returns what asks as a workspace does: by its own way, with its own settings.
            shared: Where it is counted, for all processes; without it each counts for itself.
        """
        self._prove = prove
        self._within = within
        self._shared = shared
        self._deadline = deadline
        self._a_minute = a_minute
        self._clock = clock
        self._asked: dict[str, deque[float]] = {}

    async def __call__(self, target: Target, values: Mapping[str, FormValue]) -> None:
        """Return if the provider accepts the credentials.

        Raises:
            CredentialsValidateFailedError: It does not, or has not answered in time.
            InvokeRateLimitError: The workspace has asked too often; `retry_after` says when it may again.
        """
        wait = await self._wait(target.workspace)
        if wait:
            raise InvokeRateLimitError(
                f"credentials of this workspace have been checked {self._a_minute} times within a minute",
                retry_after=round(wait, 1),
            )
        model = {"model": target.model, "model_type": target.model_type} if target.model else {}
        try:
            async with asyncio.timeout(self._deadline):
                prove = await self._within(target.workspace) if self._within else self._prove
                assert prove is not None
                await prove(target.provider.provider, dict(values), **model)  # type: ignore[arg-type]
        except TimeoutError:
            raise CredentialsValidateFailedError(
                f"{target} has not answered within {self._deadline:g} s: nothing was saved; try again",
                retryable=True,
            ) from None
        except ModelbayError as error:
            error.description = redact(
                error.description, Credentials(values).secrets(target.provider.secret_variables)
            )
            raise

    async def _wait(self, workspace: str) -> float:
        """Count one more; or return the seconds after which there may be one."""
        if self._shared is None:
            return self._wait_here(workspace)
        ask = Ask(f"{workspace}/credentials/:requests", Kind.REQUESTS, self._a_minute)
        taken = await self._shared.take([ask])
        return (taken.retry_after or _MINUTE) if isinstance(taken, Refused) else 0.0

    def _wait_here(self, workspace: str) -> float:
        now = self._clock()
        self._forget(now - _MINUTE)
        asked = self._asked.setdefault(workspace, deque())
        if len(asked) >= self._a_minute:
            return asked[0] + _MINUTE - now
        asked.append(now)
        return 0.0

    def _forget(self, before: float) -> None:
        for workspace, asked in list(self._asked.items()):
            while asked and asked[0] <= before:
                asked.popleft()
            if not asked:
                del self._asked[workspace]
