"""The gateway as an application: keys, routes, errors, and what every request has in common."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from modelbay.catalog import Catalog
from modelbay.errors import InvokeServerUnavailableError, ModelbayError
from modelbay.gateway import garbage
from modelbay.gateway.access_log import AccessLog
from modelbay.gateway.addresses import Addresses
from modelbay.gateway.bays import Bay, Bays
from modelbay.gateway.call import Call
from modelbay.gateway.http.exchange import ClientGoneError, Exchange
from modelbay.gateway.keys import key_of
from modelbay.gateway.metrics import Metrics
from modelbay.gateway.operations import Operations
from modelbay.gateway.pages import NoPages, Pages
from modelbay.gateway.routes import Route, Router
from modelbay.gateway.settings import GatewaySettings
from modelbay.gateway.surfaces import routes
from modelbay.hosts import InProcessHost
from modelbay.platform.away import WhenAway
from modelbay.platform.embedded import Embedded
from modelbay.platform.environment import LocalCredentials, read_file
from modelbay.platform.limits.lending import read_hosted
from modelbay.platform.network.ways import Ways
from modelbay.runtime.accounts import Caller, KeyRefusedError
from modelbay.runtime.choices import Names
from modelbay.runtime.cooling import Cooling
from modelbay.runtime.routing import Route as Routing
from modelbay.runtime.scopes import check_door
from modelbay.runtime.trying import Balancer
from modelbay.store import StoreError
from modelbay.wires.anthropic import relay as anthropic
from modelbay.wires.openai import relay as openai
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

_log = logging.getLogger("modelbay.gateway")

# What fails is told at once: clients try again themselves, and two that do so multiply. A route goes on.
_UPSTREAMS = TransportSettings(retries=0, max_connections=20_000)
RELAYS = {each.dialect: each for each in (*openai.RELAYS, *anthropic.RELAYS)}


class Gateway:
    """Serves exchanges. Before `startup`, when nothing is open, it may be given a `balancer` and `pages`."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.settings = settings
        self.credentials = LocalCredentials(read_file(settings.credentials))
        self.balancer: Balancer | None = None
        self.pages: Pages = NoPages()
        self.addresses = Addresses(settings.trusted_proxies)
        self.stopping = False
        self.active = 0
        self._kept: set[asyncio.Future[Any]] = set()

    async def startup(self) -> None:
        """Open store and catalog.

        Raises:
            ModelbayError: The data directory cannot be used, and why.
        """
        settings = self.settings
        self.catalog = Catalog(folders=settings.plugins)
        hosted = await asyncio.to_thread(read_hosted, Path(settings.data_dir), self.catalog)
        away = WhenAway(settings.when_database_is_away, settings.spool_limit)
        self.platform = Embedded(
            Path(settings.data_dir), behind=self.credentials, hosted=hosted, when_away=away
        )
        await self.platform.start()
        self.accountant = self.platform.accountant
        self.responses = self.platform.responses
        self.transport = Transport(replace(_UPSTREAMS, file_hosts=frozenset(settings.file_hosts)))
        self.host = InProcessHost(self.transport)
        routes_given = {name: Routing.of(name, models) for name, models in settings.routes.items()}
        names = Names(routes_given, settings.defaults)
        relays = RELAYS if settings.lanes else {}
        self.ways = Ways(self.transport, settings.policy)
        if self.balancer is None:
            self.balancer = Balancer(Cooling(self.platform.shared))
        self.bays = Bays(
            self.catalog,
            self.host,
            names,
            relays,
            self.ways,
            figures=self.platform.figures.of,
            balancer=self.balancer,
        )
        self.metrics = Metrics(shared=settings.workers > 1)
        self.log = AccessLog() if settings.access_log else None
        self.router = Router(routes.ALL)
        self.operations = Operations(self)

    def draining(self) -> None:
        """Take note that the process goes down: refuse new calls, and be ready no more."""
        self.stopping = True

    async def shutdown(self) -> None:
        """Finish what was begun and close everything."""
        if self._kept:
            await asyncio.wait(self._kept, timeout=5)
        self.bays.close()
        self.operations.close()
        await self.ways.aclose()
        await self.transport.aclose()
        await self.platform.close()
        if self.log:
            self.log.close()

    def keep(self, work: asyncio.Future[Any]) -> None:
        """Keep work alive that goes on after its call has ended."""
        self._kept.add(work)
        work.add_done_callback(self._kept.discard)

    async def __call__(self, exchange: Exchange) -> None:
        """Serve one exchange."""
        found = self.router.find(exchange.method, exchange.path)
        if found is None:
            await self.operations.serve(exchange)
            return
        route, rest = found
        try:
            caller = await self.caller(exchange, route.surface)
            call = Call(self, exchange, route, caller, await self._bay_of(caller))
        except ModelbayError as error:
            self.operations.refuse(exchange, route, error)
            return
        self.active += 1
        try:
            await self._serve(call, route, unquote(rest) if rest else rest)
        finally:
            self.active -= 1
            if call.trying is not None:
                call.trying.close()
        self._tell(call)

    async def _serve(self, call: Call, route: Route, rest: str) -> None:
        try:
            try:
                if self.stopping:
                    raise InvokeServerUnavailableError(
                        "the gateway is shutting down; try again", retry_after=1
                    )
                await route.serve(call, rest)
            except ClientGoneError:
                raise
            except ModelbayError as error:
                await self._fail(call, error)
            except Exception:  # noqa: BLE001 - a fault of ours is logged, and the call is written down all the same
                _log.exception("the gateway failed at %s", route.path)
                await self._fail(
                    call, InvokeServerUnavailableError("the gateway failed; its log says why", status=500)
                )
        except (asyncio.CancelledError, ClientGoneError):  # also while the client is told of an error
            self.keep(asyncio.ensure_future(self._abandoned(call)))
            raise

    async def _abandoned(self, call: Call) -> None:
        """Write down a call whose client went away, beside the task that served it, which is cancelled."""
        try:
            await call.settle_abandoned()
        except ModelbayError as error:
            call.error = error  # nobody is left to be told; the readiness says that the ledger has failed
        self._tell(call)

    async def _fail(self, call: Call, error: ModelbayError) -> None:
        try:
            await call.fail(error)
        except ModelbayError as unwritten:  # the ledger itself is what failed
            await call.fail(unwritten)

    async def caller(self, exchange: Exchange, surface: str) -> Caller:
        """Return whose key a request came with.

        Raises:
            KeyRefusedError: There is none, or it opens nothing.
            KeyScopeError: It does not open this surface, or not from there.
        """
        key = key_of(exchange)
        if not key:
            raise KeyRefusedError(
                "there is no key: send it as 'Authorization: Bearer …' or as 'x-api-key'", status=401
            )
        authoriser = self.platform.authoriser
        try:
            caller = authoriser.known(key) or await authoriser.authorise(key)
        except StoreError as error:  # its words name files of this machine
            _log.error("keys cannot be looked up: %s", error)
            raise InvokeServerUnavailableError("keys cannot be looked up now; try again") from None
        if caller.scopes:
            check_door(caller.scopes, surface, lambda: self.addresses.of(exchange), caller.key_id)
        return caller

    async def _bay_of(self, caller: Caller) -> Bay:
        """Return the way to the models of a workspace; of one that was called before, without I/O."""
        sources = self.platform.credentials
        try:
            source = sources.known(caller.workspace) or await sources.of(caller.workspace)
        except StoreError as error:  # its words name files of this machine
            _log.error("credentials cannot be looked up: %s", error)
            raise InvokeServerUnavailableError("credentials cannot be looked up now; try again") from None
        return self.bays.of(source)

    def _tell(self, call: Call) -> None:
        """Count a call and log it."""
        record = call.record
        record.status = call.status
        # Names that clients make up are no labels.
        declared = bool(record.model) and call.bay.way(call.using).engine.declares(
            record.provider, record.model
        )
        self.metrics.ended(record, declared=declared)
        if self.log:
            self.log.write(call.record, self.addresses.of(call.exchange))


class Worker(Gateway):
    """The gateway as a process of its own, which may tell Python how to look after its memory."""

    async def startup(self) -> None:
        """Open store and catalog, then settle."""
        await super().startup()
        garbage.settle()


def make_app(options: Mapping[str, Any], worker: int) -> Gateway:
    """Return the gateway of one worker process; `options` are the fields of `GatewaySettings`."""
    return Worker(GatewaySettings.of(options))
