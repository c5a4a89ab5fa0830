"""What is served beside the models: health, readiness, metrics, and refusals."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from typing import TYPE_CHECKING

import orjson

from modelbay.errors import ModelbayError
from modelbay.gateway import pages
from modelbay.gateway.call import JSON
from modelbay.gateway.http.exchange import Exchange
from modelbay.gateway.ids import new_id
from modelbay.gateway.routes import Route
from modelbay.gateway.statuses import retry_after, status_of
from modelbay.runtime.accounts import CallRecord, KeyRefusedError
from modelbay.runtime.scopes import KeyScopeError

if TYPE_CHECKING:
    from modelbay.gateway.api.dispatch import Api
    from modelbay.gateway.app import Gateway

_PAGE = b"content-type: text/plain; version=0.0.4; charset=utf-8\r\n"


class Operations:
    """Serves what needs no model. Metrics are open to this machine and to keys."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._api: Api | None = None
        self._loading: asyncio.Future[Api] | None = None

    async def serve(self, exchange: Exchange) -> None:
        """Serve a request that no route of a model takes."""
        path = exchange.path
        if path.startswith("/api/") or path == "/api":
            await (self._api or await self._load()).serve(exchange)
        elif exchange.method in ("GET", "HEAD") and path == "/healthz":
            exchange.respond(200, JSON, b'{"status":"ok"}')
        elif exchange.method in ("GET", "HEAD") and path == "/readyz":
            self._ready(exchange)
        elif exchange.method == "GET" and path == "/metrics":
            await self._metrics(exchange)
        elif exchange.method in ("GET", "HEAD") and (page := self._gateway.pages.find(path)) is not None:
            pages.answer(exchange, page)
        else:
            self._nothing(exchange)

    async def _load(self) -> Api:
        """Return the management API; it is built beside the event loop, at the first request to it."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(_build, self._gateway))
        loading = self._loading
        try:
            self._api = await asyncio.shield(loading)
        finally:
            if loading.done():
                self._loading = None
        return self._api

    def close(self) -> None:
        """Let go of what the management API holds."""
        if self._api is not None:
            self._api.close()

    def reasons(self) -> list[str]:
        """Return why the gateway should get no calls now."""
        if self._gateway.stopping:
            return ["the gateway is shutting down"]
        return self._gateway.platform.ready()

    def refuse(self, exchange: Exchange, route: Route, error: ModelbayError) -> None:
        """Tell a client that it cannot be served, before anything is known of its call."""
        request_id, status = new_id(), status_of(error)
        head = b"%b%b: %b\r\n%b" % (JSON, route.id_header, request_id.encode(), retry_after(error))
        if isinstance(error, KeyRefusedError):
            head += b'www-authenticate: Bearer realm="modelbay"\r\n'
        exchange.respond(status, head, orjson.dumps(route.errors.from_error(error, request_id)))
        self._log(exchange, request_id, route.surface, status, error)

    def _ready(self, exchange: Exchange) -> None:
        reasons = self.reasons()
        body = {"status": "not ready" if reasons else "ready", "reasons": reasons}
        degraded = self._gateway.platform.degraded()
        if degraded:
            body["degraded"] = degraded
        exchange.respond(503 if reasons else 200, JSON, orjson.dumps(body))

    async def _metrics(self, exchange: Exchange) -> None:
        if not is_local(self._gateway.addresses.of(exchange)):
            try:
                await self._gateway.caller(exchange, "metrics")
            except ModelbayError as error:
                body = orjson.dumps({"error": {"message": error.description}})
                exchange.respond(status_of(error), JSON, body)
                return
        exchange.respond(200, _PAGE, self._gateway.metrics.page(self._gateway.active))

    def _nothing(self, exchange: Exchange) -> None:
        allowed = self._gateway.router.methods(exchange.path)
        if allowed:
            text, status = f"{exchange.path[:100]} takes {' and '.join(allowed)}", 405
        else:
            text, status = f"nothing is served at {exchange.path[:100]}", 404
        error = {"message": text, "type": "invalid_request_error", "param": None, "code": None}
        allow = b"allow: %b\r\n" % ", ".join(allowed).encode() if allowed else b""
        exchange.respond(status, JSON + allow, orjson.dumps({"type": "error", "error": error}))
        self._log(exchange, new_id(), "", status, None)

    def _log(
        self, exchange: Exchange, request_id: str, surface: str, status: int, error: ModelbayError | None
    ) -> None:
        log = self._gateway.log
        if log is not None:
            key_id = error.key_id if isinstance(error, KeyScopeError) else ""
            record = CallRecord(id=request_id, at=time.time(), workspace="", key_id=key_id, surface=surface)
            record.status, record.error = status, type(error).__name__ if error else ""
            log.write(record, self._gateway.addresses.of(exchange))


def _build(gateway: Gateway) -> Api:
    from modelbay.gateway.api.dispatch import Api  # noqa: PLC0415 - start-up time: who only calls models needs none

    return Api(gateway)


def is_local(peer: str) -> bool:
    """Whether the other end is on this machine."""
    if peer == "unix":
        return True
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
