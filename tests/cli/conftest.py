"""What the tests of the command line share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.cli.commands import Here
from tests.upstreams.openai import OpenAIUpstream


@pytest.fixture
def here(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Here:
    """The command line in this process, with an environment that holds nobody's keys."""
    return Here(capsysbinary, monkeypatch)


@pytest.fixture
def openai() -> Iterator[OpenAIUpstream]:
    """A fake OpenAI that accepts one key."""
    with OpenAIUpstream(key="sk-right-key-123").in_thread() as upstream:
        yield upstream
