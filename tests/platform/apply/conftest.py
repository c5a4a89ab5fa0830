"""The desk on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.platform.apply.applying import Desk
from tests.platform.credentials.conftest import Bay, bay
from tests.platform.databases import backend, postgres

__all__ = ["backend", "bay", "postgres"]


@pytest.fixture
async def desk(bay: Bay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The first workspace, whose two credentials are applied already."""
    desk = Desk(bay, tmp_path, monkeypatch)
    await desk.apply("{}")
    return desk
