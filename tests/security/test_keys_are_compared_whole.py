"""CVE-2026-35030, GHSA-69x8, CVE-2026-42208: keys that are cut, stored, or part of a statement."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gateway.serving import serving

from modelbay.platform.keys import create_key, revoke_key
from modelbay.store import Database

INJECTIONS = [
    "' OR '1'='1",
    "x' OR 1=1 --",
    "'; DROP TABLE keys; --",
    '" OR ""="',
    "%",
    "_" * 40,
    "mb_%",
    "1) UNION SELECT * FROM keys --",
]


async def test_a_key_that_begins_like_a_good_one_opens_nothing(tmp_path: Path) -> None:
    """The good one is in the cache by then, so a cache by its beginning would answer for the others."""
    async with serving(tmp_path, "openai") as served:
        assert (await served.call("GET", "/v1/models")).status == 200
        key = served.key
        alike = [
            key[:-1],
            key[:-1] + ("a" if key[-1] != "a" else "b"),
            key + "x",
            key.upper(),
            key[:20],
            key[:-4],
        ]
        alike.append(key[:20] + "x" * (len(key) - 20))
        for other in alike:
            for headers in ({"authorization": f"Bearer {other}"}, {"x-api-key": other}):
                answer = await served.call("GET", "/v1/models", headers=headers, key=None)
                assert answer.status == 401, other
        assert (await served.call("GET", "/v1/models")).status == 200


async def test_keys_are_not_stored(tmp_path: Path) -> None:
    """Whoever gets hold of the database has no key by it."""
    async with serving(tmp_path, "openai") as served:
        with Database.open(tmp_path / "data") as database:
            other = create_key(database, name="other")
        assert (await served.call("GET", "/v1/models", key=other.secret)).status == 200
        for path in (tmp_path / "data").rglob("*"):
            if path.is_file():
                assert other.secret.encode() not in path.read_bytes(), path
        with Database.open(tmp_path / "data") as database:
            (row,) = database.rows("SELECT * FROM keys WHERE name = 'other'")
        for stored in row:
            text = stored.hex() if isinstance(stored, bytes) else str(stored)
            answer = await served.call("GET", "/v1/models", key=text or "x")
            assert answer.status == 401, "what is stored must not open anything itself"


@pytest.mark.parametrize("text", INJECTIONS)
async def test_what_a_client_sends_is_never_part_of_a_statement(text: str, tmp_path: Path) -> None:
    """Before the key is known, and after: as key, as model, as the id of a response."""
    async with serving(tmp_path, "openai") as served:
        assert (await served.call("GET", "/v1/models", key=text)).status == 401
        for path in ("/v1/responses/", "/v1/models/"):
            quoted = "".join(f"%{byte:02x}" for byte in text.encode())
            assert (await served.call("GET", path + quoted)).status == 404
        body = {"model": text, "input": "Hi", "previous_response_id": text}
        assert (await served.post("/v1/responses", body)).status in {400, 404}
        assert (await served.call("GET", "/v1/models")).status == 200
        with Database.open(tmp_path / "data") as database:
            assert database.rows("SELECT count(*) FROM keys") == [(1,)]


async def test_a_revoked_key_opens_nothing_from_memory(tmp_path: Path) -> None:
    """A cache must not outlive what it remembers."""
    async with serving(tmp_path, "openai") as served:
        with Database.open(tmp_path / "data") as database:
            other = create_key(database, name="other")
            assert (await served.call("GET", "/v1/models", key=other.secret)).status == 200
            revoke_key(database, other.row.id)
        while (await served.call("GET", "/v1/models", key=other.secret)).status == 200:
            pass
        assert (await served.call("GET", "/v1/models", key=other.secret)).status == 401
        assert (await served.call("GET", "/v1/models")).status == 200
