"""Where the pages are run: an environment with one key, fake upstreams behind it, a directory with files."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.upstreams.ollama import OllamaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay.catalog import Catalog
from modelbay.platform.environment import variables_of
from modelbay.sdk.testing import Reply

ROOT = Path(__file__).resolve().parents[2]
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


Addresses = dict[str, str]
SERVED = "http://127.0.0.1:8080"


@pytest.fixture
def addresses(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Addresses]:
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
        monkeypatch.setenv("CEREBRAS_API_KEY", "test-key")
        for name, upstream in (("OPENAI", openai), ("ACME", acme)):
            monkeypatch.setenv(f"{name}_API_KEY", "test-key")
            monkeypatch.setenv(f"{name}_BASE_URL", upstream.base_url)
        monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}{os.pathsep}{ROOT}")
        yield {
            SERVED: stack.enter_context(gateway(request, tmp_path_factory, monkeypatch)),
            "https://api.acme.example": acme.url,
            "https://api.cerebras.ai": acme.url,
            "http://localhost:8000": local.url,
            "http://localhost:11434": ollama.url,
        }
        refused = [str(each) for upstream in (openai, acme, local, ollama) for each in upstream.refused]
        assert not refused


@contextmanager
def gateway(
    request: pytest.FixtureRequest, folders: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Run a gateway for a page that speaks of one, with its key and data directory in the environment."""
    page = getattr(request.node, "callspec", None)
    path = page.params.get("page") if page else None
    if path is None or SERVED not in path.read_text("utf-8"):
        yield SERVED
        return
    data = folders.mktemp("data")
    monkeypatch.setenv("MODELBAY_DATA_DIR", str(data))
    program = Path(sys.executable).parent / "modelbay"
    command = [str(program), "serve", "--port", "0", "--no-access-log"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        monkeypatch.setenv("MODELBAY_API_KEY", (data / "local-key").read_text().strip())
        yield first.split()[-1]
        running.terminate()
        running.stdout.read()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working directory with the files that pages speak of."""
    (tmp_path / "chart.png").write_bytes(base64.b64decode(_PNG))
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path
