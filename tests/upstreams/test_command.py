"""The fakes by hand: `python -m tests.upstreams openai`."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from tests.upstreams.__main__ import FAMILIES, class_of

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[str, list[str]]]:
    """Run the command until the block ends; yield its address and what it said."""
    command = [sys.executable, "-m", "tests.upstreams", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line.strip())
            if line.startswith("Ctrl-C"):
                break
        found = re.search(r"http://\S+", said[0])
        assert found is not None
        try:
            yield found.group(), said
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()


def test_says_where_it_is_and_what_it_answers() -> None:
    """A person needs the address, the key and the endpoints, and Ctrl-C ends it without a traceback."""
    with running("openai", "--chunks", "3", "--boundary", "7") as (url, said):
        body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}).encode()
        headers = {"authorization": "Bearer test-key", "content-type": "application/json"}
        with urlopen(Request(f"{url}/v1/chat/completions", body, headers)) as answer:
            message = json.load(answer)["choices"][0]["message"]["content"]

    assert "POST /v1/chat/completions" in said
    assert message == "word0 word1 word2 "


def test_fails_as_told() -> None:
    """Error handling can be tried by hand."""
    with running("ollama", "--key", "", "--fault", "503") as (url, _), pytest.raises(HTTPError) as caught:
        urlopen(f"{url}/api/tags")

    assert caught.value.code == 503
    caught.value.close()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_fake_can_be_made_by_hand(name: str) -> None:
    """A provider's author tries a fake with curl before trusting it."""
    assert class_of(name)().routes()
