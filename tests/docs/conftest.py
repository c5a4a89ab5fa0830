"""Where the pages are run: an environment with one key, fake upstreams behind it, a directory with files."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.upstreams.ollama import OllamaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay.catalog import Catalog
from modelbay.library.credentials import variables_of
from modelbay.sdk.testing import Reply

ROOT = Path(__file__).resolve().parents[2]
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


Addresses = dict[str, str]


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Addresses]:
    """Give the environment of a person with a key for OpenAI, and for an `acme` that is compatible.

    Both lead to fakes, and so do the addresses of local servers that pages speak of: those are returned with
    where they are here. Nobody's real key is left, and the checkout is on the path of Python.
    """
    for provider in Catalog().providers():
        for names in variables_of(Catalog().provider(provider.provider).provider).values():
            for name in names:
                monkeypatch.delenv(name, raising=False)
    with ExitStack() as stack:
        openai = stack.enter_context(OpenAIUpstream().in_thread())
        acme = stack.enter_context(OpenAIUpstream(compatible=True).in_thread())
        local = stack.enter_context(OpenAIUpstream(compatible=True, key=None).in_thread())
        ollama = stack.enter_context(OllamaUpstream(key=None).in_thread())
        for upstream in (openai, acme, local, ollama):
            upstream.reply = Reply(
                ("A bay is a body of water ", "that land ", "surrounds on three sides."),
                usage={"in": 12, "out": 13},
            )
        for name, upstream in (("OPENAI", openai), ("ACME", acme)):
            monkeypatch.setenv(f"{name}_API_KEY", "test-key")
            monkeypatch.setenv(f"{name}_BASE_URL", upstream.base_url)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        yield {
            "https://api.acme.example": acme.url,
            "http://localhost:8000": local.url,
            "http://localhost:11434": ollama.url,
        }
        refused = [str(each) for upstream in (openai, acme, local, ollama) for each in upstream.refused]
        assert not refused


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working directory with the files that pages speak of."""
    (tmp_path / "chart.png").write_bytes(base64.b64decode(_PNG))
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path
