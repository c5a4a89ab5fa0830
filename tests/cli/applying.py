"""A data directory, a fake provider, and the file that `modelbay apply` is given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.commands import Done, Here
from tests.upstreams.openai import OpenAIUpstream

KEY = "sk-right-key-123"
BAY = """
workspaces:
  Search team:
    network:
      openai: {{private_hosts: [127.0.0.0/8]}}
    credentials:
      - provider: openai
        name: production
        values: {{openai_api_key: {{env: SEARCH_KEY}}, openai_api_base: "{url}", api_protocol: chat}}
    defaults: {{llm: openai/gpt-4.1-mini}}
    disabled: [openai/gpt-4.1]
    budgets:
      - {{amount: 250}}
      - {{amount: 2.5, period: day, model: "openai/*", action: warn}}
    quotas: [{{provider: openai, kind: trial, limit: 10}}]
    prefer: {{openai: hosted}}
"""
HOSTED = """
openai:
  credentials: {openai_api_key: {env: LENT_KEY}}
  quotas: [{kind: trial, unit: times, limit: 200}]
"""


class Bay:
    """A data directory and the file that is applied to it."""

    def __init__(self, here: Here, folder: Path, upstream: OpenAIUpstream) -> None:
        self._here = here
        self.data = folder / "data"
        self.data.mkdir()
        (self.data / "hosted.yaml").write_text(HOSTED)
        self.file = folder / "bay.yaml"
        self.text = BAY.format(url=upstream.base_url)
        self.file.write_text(self.text)

    def apply(self, *options: str, key: str = KEY) -> Done:
        """Apply the file."""
        return self._run("apply", "-f", self.file, *options, key=key)

    def listed(self, *command: str, word: str = "list") -> list[dict[str, Any]]:
        """Return what a command lists of the workspace."""
        rows: list[dict[str, Any]] = json.loads(self.told(*command, word, "--json").out)
        return rows

    def told(self, *command: str) -> Done:
        """Run a command about the workspace."""
        [found] = [
            row["id"]
            for row in json.loads(self._run("workspace", "list", "--json").out)
            if row["id"] != "default"
        ]
        return self._run(*command, "--workspace", found)

    def add(self, text: str) -> None:
        """Add sections to the workspace."""
        self.text += text
        self.file.write_text(self.text)

    def change(self, before: str, after: str) -> None:
        """Edit the file."""
        assert before in self.text
        self.text = self.text.replace(before, after)
        self.file.write_text(self.text)

    def _run(self, *command: str | Path, key: str = KEY) -> Done:
        return self._here(*command, "--data-dir", self.data, SEARCH_KEY=key, LENT_KEY="sk-lent-123456")


@pytest.fixture
def bay(here: Here, tmp_path: Path, openai: OpenAIUpstream) -> Bay:
    return Bay(here, tmp_path, openai)
