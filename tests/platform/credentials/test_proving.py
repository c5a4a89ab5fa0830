"""Asking a provider whether credentials work: not too long, and not too often."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.platform.credentials.conftest import Bay

from modelbay.errors import CredentialsValidateFailedError, InvokeConnectionError, InvokeRateLimitError
from modelbay.platform.credentials.proving import Proving
from modelbay.platform.shared import VARIABLE, shared_in


class Provider:
    """A provider that answers as it is told, and notes what it was asked."""

    def __init__(self, failure: Exception | None = None, *, silent: bool = False) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._failure = failure
        self._silent = silent

    async def __call__(self, provider: str, credentials: Any = None, **more: Any) -> None:
        """Answer."""
        self.asked.append((provider, {**credentials, **more}))
        if self._silent:
            await asyncio.Event().wait()
        if self._failure is not None:
            raise self._failure


async def test_a_provider_that_does_not_answer_is_given_up(bay: Bay) -> None:
    """Somebody waits in front of a form; the same attempt may succeed later."""
    proving = Proving(Provider(silent=True), deadline=0.01)
    with pytest.raises(CredentialsValidateFailedError, match=r"acme has not answered within 0\.01 s") as late:
        await proving(bay.target(), {"api_key": "k"})

    assert late.value.retryable


async def test_a_model_is_proved_as_that_model(bay: Bay) -> None:
    """Its credentials may be for nothing else."""
    provider = Provider()
    await Proving(provider)(bay.target(model="mine"), {"api_key": "k"})
    await Proving(provider)(bay.target(), {"api_key": "k"})

    assert provider.asked == [
        ("acme", {"api_key": "k", "model": "mine", "model_type": "llm"}),
        ("acme", {"api_key": "k"}),
    ]


async def test_a_workspace_may_ask_ten_times_within_a_minute(bay: Bay) -> None:
    """Whoever tries stolen keys gets not far; another workspace is not held up."""
    now, provider = [100.0], Provider()
    proving = Proving(provider, clock=lambda: now[0])
    for second in range(10):
        now[0] = 100.0 + second
        await proving(bay.target(), {"api_key": "k"})
    with pytest.raises(InvokeRateLimitError, match="checked 10 times within a minute") as often:
        await proving(bay.target(), {"api_key": "k"})
    await proving(bay.target(workspace="ws_b"), {"api_key": "k"})

    assert often.value.retry_after == 51.0
    assert len(provider.asked) == 11
    now[0] += 51.0
    await proving(bay.target(), {"api_key": "k"})


@pytest.mark.parametrize("place", ["file", "redis"])
async def test_the_ten_times_are_of_all_processes(
    bay: Bay, tmp_path: Path, place: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever tries keys has ten more at each server, and ten at each of its processes."""
    if place == "redis":
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("redis").url)
    provider, stores = Provider(), [shared_in(tmp_path) for _ in range(2)]
    provings = [Proving(provider, shared=store) for store in stores]
    for number in range(10):
        await provings[number % 2](bay.target(), {"api_key": "k"})
    for proving in provings:
        with pytest.raises(InvokeRateLimitError, match="checked 10 times within a minute") as often:
            await proving(bay.target(), {"api_key": "k"})
        assert often.value.retry_after is not None
        assert 0 < often.value.retry_after <= 61
    await provings[0](bay.target(workspace="ws_b"), {"api_key": "k"})
    for store in stores:
        await store.close()

    assert len(provider.asked) == 11


async def test_a_providers_words_are_kept_without_the_secret(bay: Bay) -> None:
    """Whatever class its error is of."""
    failure = InvokeConnectionError("no answer for sk-secret-1 at acme")
    with pytest.raises(InvokeConnectionError, match=r"^no answer for \[redacted\] at acme$"):
        await Proving(Provider(failure))(bay.target(), {"api_key": "sk-secret-1"})
