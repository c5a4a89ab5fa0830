"""A change whose caller goes away is made to its end, not by half."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.gateway.api.conftest import running
from tests.gateway.api.site import Site
from tests.gateway.client import encode
from tests.platform.credentials.acme import PROVIDER_YAML
from tests.runtime.plugins import write_plugin

from modelbay.platform.people.permissions import Role

SLOW = """
import time
from pathlib import Path
from modelbay.sdk import ModelProvider

class AcmeProvider(ModelProvider):
    def validate_provider_credentials(self, credentials):
        folder = Path(credentials["region"])
        (folder / "asked").touch()
        while not (folder / "answer").exists():
            time.sleep(0.01)
"""
LLM = """
from modelbay.sdk import LargeLanguageModel

class AcmeLLM(LargeLanguageModel):
    def _invoke(self, model, credentials, prompt_messages, *rest):
        return iter(())
"""


async def until(true: Callable[[], object]) -> None:
    """Wait until something is so."""
    while not true():  # noqa: ASYNC110 - a file, or a row, of another thread
        await asyncio.sleep(0.01)


async def begin_and_leave(site: Site, folder: Path) -> None:
    """Ask for credentials to be saved, and go away while the provider is being asked."""
    owner = site.person(Role.OWNER)
    values = {"api_key": "good-key", "region": str(folder)}
    body = {"provider": "acme", "name": "slow", "values": values}
    headers = {**owner.headers, "idempotency-key": "one"}
    request = encode("POST", "/api/workspaces/default/credentials", body, headers)
    _, writer = await asyncio.open_connection(*site.served.place)
    writer.write(request)
    await until((folder / "asked").exists)
    writer.transport.abort()


async def test_what_was_begun_is_done_and_can_be_asked_for_again(tmp_path: Path, installation: str) -> None:
    """Else a retry would meet a row without its secrets, or a key that was used for nothing."""
    files = {"provider/acme.yaml": PROVIDER_YAML, "provider/acme.py": SLOW, "models/llm/llm.py": LLM}
    plugin = write_plugin(tmp_path / "plugin", files)
    async with running(tmp_path, plugins=[str(plugin)]) as site:
        await begin_and_leave(site, tmp_path)
        (tmp_path / "answer").touch()

        await until(lambda: site.now.rows("SELECT 1 FROM repeats WHERE answer IS NOT NULL"))

        assert site.now.rows("SELECT name, version FROM credentials") == [("slow", 1)]
        assert site.audited()[-1].action == "credential.create"
