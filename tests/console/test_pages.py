"""The pages as files: how they are served, and what keeps others from misusing them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.console.conftest import House
from tests.gateway.serving import serving

PAGES = ("/", "/setup", "/join", "/sign-in")


async def test_a_page_may_load_and_run_what_is_our_own_only(house: House) -> None:
    """A name that somebody has given a workspace must never become a script; nobody may put us in a frame."""
    for path in PAGES:
        answer = await house.running.call("GET", path)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        policy = dict(
            part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
        assert {policy[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert not re.search(r"<script(?![^>]*src=)|<style| on\w+=| style=", answer.body.decode())


async def test_what_a_page_names_is_there(house: House) -> None:
    """A page whose script is missing is empty."""
    page = (await house.running.call("GET", "/")).body.decode()
    waiting, seen = set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)), set[str]()
    while waiting - seen:
        path = (waiting - seen).pop()
        seen.add(path)
        answer = await house.running.call("GET", path)
        assert answer.status == 200, path
        if path.endswith(".js"):
            assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
            waiting |= {f"/assets/{name}" for name in re.findall(r'from "\./([^"]+)"', answer.body.decode())}
    assert len(seen) == 5


async def test_a_browser_that_has_a_page_is_sent_nothing(house: House) -> None:
    """It asks each time, so that a new release is seen at once."""
    first = await house.running.call("GET", "/assets/entrance.js")
    again = await house.running.call(
        "GET", "/assets/entrance.js", headers={"if-none-match": first.headers["etag"]}
    )
    head = await house.running.call("HEAD", "/assets/entrance.js")

    assert first.headers["cache-control"] == "no-cache"
    assert (again.status, again.body) == (304, b"")
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/../pages.py",
        "/assets/%2e%2e/pages.py",
        "/assets/entrance.html",
        "/assets/../static/words.js",
        "/setup/",
        "//setup",
        "/pages.py",
    ],
)
async def test_nothing_else_is_served(house: House, path: str) -> None:
    """What is served is a list of names, never a path into a folder."""
    answer = await house.running.call("GET", path)

    assert answer.status == 404


async def test_a_gateway_for_programs_has_no_pages(tmp_path: Path) -> None:
    """Whoever embeds the gateway decides what people see."""
    async with serving(tmp_path) as served:
        answer = await served.call("GET", "/setup")

    assert answer.status == 404
