"""CVE-2026-48710 (BadHost), CVE-2026-42271, CVE-2026-35029: routes that open without a key.

A route is an object that was found by the path exactly as it was sent; the key is asked for before it is
served.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.gateway.client import read_answer
from tests.gateway.serving import Served, serving

from modelbay.gateway.surfaces import routes

BODY = b'{"model":"openai/gpt-4o-mini","messages":[{"role":"user","content":"Hi"}],"input":"Hi"}'
SPELLINGS = [
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/./v1/chat/completions",
    "/healthz/../v1/chat/completions",
    "/healthz%2f..%2fv1/chat/completions",
    "/v1/chat%2fcompletions",
    "/V1/chat/completions",
    "/v1/chat/completions/",
    "/v1/chat/completions;/healthz",
    "/healthz#/v1/chat/completions",
    "http://gateway/v1/chat/completions",
    "http://127.0.0.1/healthz",
]
HOSTS = ["gateway/healthz?", "127.0.0.1", "localhost:1/healthz", "gateway#", "a@b", ""]


async def _raw(served: Served, method: str, target: str, host: str = "gateway", *lines: str) -> int:
    reader, writer = await asyncio.open_connection(*served.place)
    head = "".join(f"{line}\r\n" for line in (f"{method} {target} HTTP/1.1", f"Host: {host}", *lines))
    writer.write(f"{head}Connection: close\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
    try:
        return read_answer(await reader.read()).status
    finally:
        writer.close()


async def test_every_route_of_a_model_asks_for_a_key(tmp_path: Path) -> None:
    """Also those that are added later: the list is the router's own."""
    async with serving(tmp_path, "openai") as served:
        for route in routes.ALL:
            path = f"{route.path}x" if route.prefix else route.path
            answer = await served.call(route.method, path, BODY, key=None)
            assert (answer.status, "www-authenticate" in answer.headers) == (401, True), path
        assert not served.upstreams["openai"].requests
        assert not await served.records()


async def test_no_spelling_of_a_path_goes_around_the_key(tmp_path: Path) -> None:
    """Whatever is normalised by one part and not by another is a way in."""
    async with serving(tmp_path, "openai") as served:
        for target in SPELLINGS:
            assert await _raw(served, "POST", target) in {400, 401, 404, 405}, target
        assert not served.upstreams["openai"].requests


async def test_no_host_goes_around_the_key(tmp_path: Path) -> None:
    """The path is the request's, whatever the Host says, and so are the headers that proxies set."""
    forwarded = [f"{name}: /healthz" for name in ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path")]
    async with serving(tmp_path, "openai") as served:
        for host in HOSTS:
            assert await _raw(served, "POST", "/v1/chat/completions", host, *forwarded) in {400, 401}, host
        assert not served.upstreams["openai"].requests


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", "/debug", "/config/update", "/test", "/v1", "/api"]
)
async def test_nothing_is_served_that_is_not_documented(path: str, tmp_path: Path) -> None:
    """Endpoints for testing are endpoints."""
    async with serving(tmp_path, "openai") as served:
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert (await served.call(method, path, key=None)).status in {401, 404}
