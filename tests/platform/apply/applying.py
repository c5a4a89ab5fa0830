"""Files applied to a real database and vault, with providers that know keys by their beginning."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.platform.credentials.conftest import Bay

from modelbay.platform.apply.file import BayFile, read
from modelbay.platform.apply.plan import Change, Hands
from modelbay.platform.apply.run import carry_out, plan
from modelbay.platform.credentials.proving import Proving
from modelbay.platform.limits.hosted import Hosted

TEXT = """
credentials:
  - {provider: acme, name: first, values: {api_key: {env: FIRST_KEY}}}
  - {provider: acme, name: second, values: {api_key: {env: SECOND_KEY}}}
"""


async def _accept(*_: object, **__: object) -> None:
    """Ask nobody: the provider is a declaration without code."""


class Desk:
    """Where a file about the first workspace is applied."""

    def __init__(self, bay: Bay, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.bay = bay
        self._folder = folder
        patch.setenv("FIRST_KEY", "good-first-1234")
        patch.setenv("SECOND_KEY", "good-second-1234")

    def plan(self, text: str, *, prune: bool = False, workspace: str = "default") -> list[Change]:
        """Return what would change if the workspace were to have the credentials and what the text says."""
        bay = self.bay
        return plan(
            bay.now,
            bay.vault,
            bay.catalog,
            Hosted(),
            self._file(text, workspace),
            folder=self._folder,
            prune=prune,
        )

    async def apply(self, text: str, *, prune: bool = False, workspace: str = "default") -> list[str]:
        """Make it so, and return what was done."""
        done: list[Change] = []
        await carry_out(self.hands(), self.plan(text, prune=prune, workspace=workspace), done.append)
        return [f"{each.how} {each.what}" for each in done]

    def trust(self) -> None:
        """Take credentials without asking a provider."""
        self.bay.proving = Proving(_accept)

    def hands(self) -> Hands:
        """Return what changes are made with."""
        bay = self.bay
        return Hands(
            database=bay.database,
            vault=bay.vault,
            proving=bay.proving,
            catalog=bay.catalog,
            hosted=Hosted(),
            actor="cli",
        )

    def _file(self, text: str, workspace: str) -> BayFile:
        path = self._folder / "bay.yaml"
        path.write_text(
            yaml.safe_dump({"workspaces": {workspace: yaml.safe_load(TEXT) | yaml.safe_load(text)}})
        )
        return read(path)
