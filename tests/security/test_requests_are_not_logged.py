"""Mar 2026: `Authorization` in spend logs and traces. Ours say who called what, and not a word of it."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.gateway.process import running
from tests.gateway.serving import KEY
from tests.gateway.ways import WAYS
from tests.upstreams.openai import OpenAIUpstream

from modelbay.sdk.testing import faults

WORDS = "the-words-of-the-prompt"
SAID = "the-words-of-the-answer"


async def test_no_key_and_no_word_reaches_log_ledger_or_disk(tmp_path: Path) -> None:
    """Whether the call succeeds, fails, is refused, or makes the upstream quote the key."""
    way = WAYS[0]
    async with OpenAIUpstream() as upstream, running(tmp_path, {"openai": upstream}) as gateway:
        upstream.will_stream(SAID, times=None)
        body = way.body() | {"messages": [{"role": "user", "content": WORDS}]}
        for fault in (None, faults.status(401, f"no: {KEY} {WORDS}"), faults.status(500, f"{KEY} {WORDS}")):
            if fault is not None:
                upstream.will_fail(fault)
            for stream in (True, False):
                await gateway.call("POST", way.path, {**body, "stream": stream})
        stolen = {"authorization": "Bearer sk-somebody-elses-key", "x-api-key": "sk-another"}
        assert (await gateway.call("POST", way.path, body, stolen)).status == 401
        assert (await gateway.call("POST", f"{way.path}?key=sk-in-the-query", body)).status == 200
        assert (await gateway.call("GET", f"/nothing/{gateway.key}")).status == 404
        gateway.signal(signal.SIGTERM)
        _, log = await gateway.ended()
        assert log.count('"status":401') >= 1
        for secret in (gateway.key, KEY, WORDS, SAID, "sk-somebody", "sk-another", "sk-in-the-query"):
            assert secret not in log
        for path in (tmp_path / "data").rglob("*"):
            data = path.read_bytes() if path.is_file() and path.name != "local-key" else b""
            for secret in (gateway.key, KEY, WORDS, SAID):
                assert secret.encode() not in data, path
