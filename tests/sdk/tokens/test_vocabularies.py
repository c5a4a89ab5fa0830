"""The shipped vocabularies are the published ones."""

from __future__ import annotations

import base64
import hashlib
import importlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from modelbay.sdk.tokens import encodings
from modelbay.sdk.tokens.encodings import EXPRESSIONS, PACKED, load_encoding, ranks_of

P50K_SHA256 = "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069"


@pytest.mark.parametrize(("name", "published"), [*PACKED.items(), ("p50k_base", P50K_SHA256)])
def test_ranks_are_the_published_file_bit_by_bit(name: str, published: str) -> None:
    """A count is exact only with the genuine ranks; OpenAI's own SHA-256 proves them."""
    lines = (base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks_of(name).items())

    assert hashlib.sha256(b"".join(lines)).hexdigest() == published


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_rules_equal_those_of_the_installed_tiktoken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release of tiktoken that changes a rule, or expects another vocabulary, must be noticed."""
    openai_public = importlib.import_module("tiktoken_ext.openai_public")  # without types

    def no_download(url: str, expected_hash: str) -> dict[bytes, int]:
        assert expected_hash == {**PACKED, "p50k_base": P50K_SHA256}[name]
        return {}

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", no_download)

    assert openai_public.ENCODING_CONSTRUCTORS[name]()["pat_str"] == EXPRESSIONS[name]


def test_importing_loads_neither_tokenizer_nor_vocabulary() -> None:
    """`import modelbay` must stay light for programs that never count."""
    code = "import sys, modelbay.sdk.tokens; sys.exit('tiktoken' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_first_use_by_many_threads_builds_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight calls at start-up must not build the same 30 MB eight times."""
    built: list[str] = []

    def build(name: str) -> object:
        built.append(name)
        return object()

    gate = threading.Barrier(8)
    monkeypatch.setattr(encodings, "_loaded", {})
    monkeypatch.setattr(encodings, "_build", build)

    def first_use(_: int) -> object:
        gate.wait()
        return load_encoding("r50k_base")

    with ThreadPoolExecutor(8) as pool:
        results = set(pool.map(first_use, range(8)))

    assert built == ["r50k_base"]
    assert len(results) == 1
