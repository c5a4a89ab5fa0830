"""One call of a client, from its key to its line in the ledger."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from modelbay.entities import (
    AIModelEntity,
    CallUsage,
    Credentials,
    EmbeddingUsage,
    LLMUsage,
    ModelType,
    PriceConfig,
)
from modelbay.errors import (
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeServerUnavailableError,
    ModelbayError,
)
from modelbay.gateway import bodies
from modelbay.gateway.http.exchange import Exchange
from modelbay.gateway.http.head import lines
from modelbay.gateway.ids import new_id
from modelbay.gateway.statuses import retry_after, status_of
from modelbay.platform.limits.admission import Admission
from modelbay.platform.limits.rate_admission import RateAdmission
from modelbay.platform.limits.scopes import Rates
from modelbay.platform.prices.book import PROVIDER, UNKNOWN
from modelbay.runtime.accounts import Caller, CallRecord
from modelbay.runtime.names import ModelName
from modelbay.runtime.ports import Using
from modelbay.runtime.trying import Attempt, Trying
from modelbay.runtime.worst_case import Size, WorstCase, size_of, worst_case
from modelbay.sdk import prices
from modelbay.store import StoreError
from modelbay.store.limits import Terms
from modelbay.wires.request import GRAIN

if TYPE_CHECKING:
    from modelbay.gateway.app import Gateway
    from modelbay.gateway.bays import Bay
    from modelbay.gateway.routes import Route

_log = logging.getLogger("modelbay.gateway")

JSON = b"content-type: application/json\r\n"
EVENTS = (
    b"content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n"
)
CLIENT_GONE = 499  # nginx's number for a client that did not wait for its answer
NOBODYS = Using(Credentials())
Usage = LLMUsage | EmbeddingUsage | CallUsage
_LONGEST_TAG = 120
_DROP = "modelbay-drop"


class Call:
    """A client's call: what it may do, what it asked, what it was told, and what that cost."""

    __slots__ = (
        "admission",
        "bay",
        "caller",
        "deadline",
        "drop",
        "dropped",
        "error",
        "exchange",
        "gateway",
        "id",
        "interrupted",
        "is_asking",
        "is_free",
        "limits_told",
        "pending",
        "price",
        "rated",
        "record",
        "route",
        "settled",
        "size",
        "status",
        "trying",
        "using",
    )

    def __init__(self, gateway: Gateway, exchange: Exchange, route: Route, caller: Caller, bay: Bay) -> None:
        headers = exchange.headers
        self.gateway = gateway
        self.exchange = exchange
        self.route = route
        self.caller = caller
        self.bay = bay
        self.id = new_id()
        self.deadline = exchange.started + _timeout(headers, gateway.settings.limits.timeout)
        self.drop = "params" in headers.get(_DROP, "")
        self.dropped: list[str] = []
        self.limits_told: dict[str, str] = {}
        self.status = 0
        self.error: ModelbayError | None = None
        self.interrupted: Callable[[], Awaitable[Usage | None]] | None = None
        self.settled = False
        self.price = UNKNOWN
        self.using = NOBODYS
        self.admission: Admission | None = None
        self.rated: RateAdmission | None = None
        self.size = Size(0)
        self.is_free = False  # whether nothing is charged for it by anybody: nothing is held for it
        self.trying: Trying | None = None
        self.pending: Attempt | None = None
        self.is_asking = False  # whether the attempt has gone as far as its upstream
        self.record = CallRecord(
            id=self.id,
            at=time.time(),
            workspace=caller.workspace,
            key_id=caller.key_id,
            surface=route.surface,
            tag=headers.get("user-agent", "")[:_LONGEST_TAG],
            member=caller.member,
        )

    # what is asked

    async def read(self) -> bytes:
        """Return the body."""
        raw = await self.exchange.body(self.gateway.settings.limits.body)
        self.size = size_of(raw) if self.bay.is_limited else Size(len(raw))
        return raw

    async def json(self) -> dict[str, Any]:
        """Return the body as an object."""
        return self.decoded(await self.read())

    def decoded(self, raw: bytes) -> dict[str, Any]:
        """Return the object that a body holds."""
        return bodies.decode(raw, self.gateway.settings.limits)

    def timeout(self) -> float:
        """Return the seconds that are left for the call."""
        return max(0.001, self.deadline - time.monotonic())

    def asks(self, model: str, model_type: ModelType, *, stream: bool = False) -> None:
        """Note what is asked."""
        self.record.asked_model = model
        self.record.model_type = model_type.value
        self.record.stream = stream

    def begin_trying(self, model: str, model_type: ModelType) -> Trying:
        """Return the attempts at what a name means; those that are under way, if some are.

        Raises:
            UnknownModelError: It means nothing that can be called with this key.
        """
        if self.trying is None:
            choices = self.bay.choices
            chosen = choices.of(model, model_type, self.caller)
            if chosen.route is not None:
                self.record.route = chosen.route.name
            self.trying = choices.trying(chosen, model_type)
        return self.trying

    def tries(self, attempt: Attempt, number: int) -> None:
        """Note what is tried; what it costs is noted as `price` when it is opened."""
        record = self.record
        self.price = UNKNOWN
        record.provider, record.model = attempt.name
        record.credential, record.credential_name = attempt.using.id, attempt.using.name
        record.attempts = number
        self.is_asking = False
        if number > 1:
            self.limits_told = {}

    def failed(self, error: InvokeError) -> None:
        """Note that an attempt failed before anything was answered, and what of."""
        assert self.trying is not None
        self.trying.failed(error, blame=self.is_asking, late=self.deadline - time.monotonic() <= GRAIN)
        self._note_tried()

    def given_up(self) -> InvokeError:
        """Note that nothing is left to be tried, and return the error to tell: the last one's."""
        assert self.trying is not None
        self.record.attempts = self.trying.count
        self._note_tried()
        assert self.trying.error is not None
        return self.trying.error

    def answering(self) -> None:
        """Note that the attempt answers: from here on there is no other."""
        assert self.trying is not None
        self.trying.began()
        self._note_tried()

    def _note_tried(self) -> None:
        if self.trying is not None and self.trying.notes:
            self.record.tried = orjson.dumps(self.trying.notes).decode()

    def priced(self, declared: PriceConfig | None) -> None:
        """Note what the model that is tried costs: what it declares, or what the workspace says."""
        record = self.record
        own = self.bay.made_of.prices
        self.price = own.of(record.provider, record.model, record.model_type, declared, record.at)

    async def hold(
        self,
        name: ModelName,
        using: Using,
        schema: AIModelEntity | None,
        parameters: Callable[[], Mapping[str, Any]],
    ) -> None:
        """Note whose credentials are used, and take what the call may use where that is limited.

        Raises:
            RateReachedError: A rate does not allow it now.
            LimitReachedError: A quota or a budget has not so much left.
            InvokeBadRequestError: What the call may cost is not known, and a budget refuses such calls.
            InvokeServerUnavailableError: The limits cannot be looked up.
        """
        record, terms, rates = self.record, self.bay.made_of.terms, self.bay.made_of.rates
        self.using = using
        record.credential, record.credential_name = using.id, using.name
        spends = not self.is_free and bool(terms.budgets or using.hosted or self.admission)
        if not spends and not rates.limits:
            return
        case = worst_case(schema, self.price.config, ModelType(record.model_type), self.size, parameters())
        if rates.limits:
            await self._keep_pace(name, rates, case)
        if spends:
            await self._hold_money(name, using, terms, case)

    async def _keep_pace(self, name: ModelName, rates: Rates, case: WorstCase) -> None:
        caller, shared = self.caller, self.gateway.platform.shared
        if self.rated is None:
            self.rated = RateAdmission(shared, rates, member=caller.member, keys=caller.lineage)
        tokens = 0 if self.is_free else self.size.size if case.tokens is None else case.tokens
        await self.rated.admit(str(name), tokens)

    async def _hold_money(self, name: ModelName, using: Using, terms: Terms, case: WorstCase) -> None:
        record, platform = self.record, self.gateway.platform
        self.admission = admission = self.admission or Admission(platform.holds)
        if not admission.choose(terms, platform.hosted, self.caller, name, using, record.at):
            admission.release(record)
            return
        try:
            await admission.hold(record, case)
        except StoreError as error:  # its words name files of this machine
            _log.error("limits cannot be looked up: %s", error)
            raise InvokeServerUnavailableError("limits cannot be looked up now; try again") from None

    # what is told

    def head(self, content: bytes = JSON) -> bytes:
        """Return the head of the answer."""
        record = self.record
        head = b"%b%b: %b\r\n" % (content, self.route.id_header, self.id.encode())
        if record.model:
            head += b"modelbay-model: %b\r\n" % _latin(f"{record.provider}/{record.model}")
        if record.attempts > 1 and self.trying is not None:
            told = _latin(self.trying.summary())
            head += b"modelbay-attempts: %d\r\nmodelbay-tried: %b\r\n" % (record.attempts, told)
        if self.dropped:
            head += b"modelbay-dropped: %b\r\n" % _latin(", ".join(self.dropped))
        if record.price is not None:
            head += b"modelbay-price: %b %b\r\n" % (
                format(record.price, "f").encode(),
                record.currency.encode(),
            )
        if self.admission and self.admission.warnings:
            head += b"modelbay-warning: %b\r\n" % _latin("; ".join(self.admission.warnings))
        if self.limits_told:
            head += lines(self.limits_told.items())
        return head

    async def answer(self, body: Mapping[str, Any] | bytes, content: bytes = JSON, status: int = 200) -> None:
        """Send a whole answer, once the call is written down."""
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        await self.settle(status)
        self.exchange.respond(status, self.head(content), data)

    async def fail(self, error: ModelbayError) -> None:
        """Tell the client of an error in its dialect; cut the answer if it has begun already."""
        status = status_of(error)
        self.error = error
        self.record.error = type(error).__name__
        await self.settle(status)
        if self.exchange.begun:
            self.exchange.abort()
            return
        body = orjson.dumps(self.route.errors.from_error(error, self.id))
        self.exchange.respond(status, self.head() + retry_after(error), body)

    async def break_off(self, error: ModelbayError, ending: bytes) -> None:
        """End an answer that has begun with the dialect's event for an error."""
        self.error = error
        self.record.error = type(error).__name__
        await self._count_interrupted()
        await self.settle(status_of(error))
        self.exchange.end(ending)

    async def cut(self, error: ModelbayError) -> None:
        """Cut an answer that has begun and that has no place for an error, such as audio."""
        self.error = error
        self.record.error = type(error).__name__
        await self.settle(status_of(error))
        self.exchange.abort()

    async def caught_up(self) -> None:
        """Wait until the client has taken what was sent, as long as the call may take.

        Raises:
            ClientGoneError: It went away.
            InvokeConnectionError: It was too slow.
        """
        try:
            async with asyncio.timeout(self.timeout()):
                await self.exchange.drained()
        except TimeoutError:
            raise InvokeConnectionError(
                "the client did not take the answer within the call's timeout"
            ) from None

    # what it cost

    def used(self, usage: Usage | None) -> None:
        """Note what was used, and what that costs, to the last digit."""
        record = self.record
        if usage is None:
            return
        pricing, version = self.price.config, self.price.version
        price = prices.exact_price(usage, pricing, own=self.price.is_own)
        record.price = None if price is None else price.normalize()
        record.currency = pricing.currency if pricing else usage.currency
        record.estimated = usage.estimated
        if isinstance(usage, LLMUsage):
            record.prompt_tokens, record.completion_tokens = usage.prompt_tokens, usage.completion_tokens
            record.cached_tokens, record.cache_write_tokens = usage.cached_tokens, usage.cache_write_tokens
            record.reasoning_tokens = usage.reasoning_tokens
        elif isinstance(usage, EmbeddingUsage):
            record.prompt_tokens = usage.total_tokens
        else:
            record.quantity, record.meter = Decimal(usage.quantity), usage.meter.value
        if price is not None:
            told = price is usage.total_price  # by the provider: what is reckoned here is another number
            record.price_version = PROVIDER if told else version
            record.unit_prices = "" if told else self.price.text(record.prompt_tokens)

    def first_token(self) -> None:
        """Note that the first of the answer is here."""
        if self.record.first_token is None:
            self.record.first_token = time.monotonic() - self.exchange.started

    async def settle(self, status: int) -> None:
        """Write the call down, durably, once.

        Raises:
            InvokeServerUnavailableError: It cannot be written: then it is not answered either.
        """
        if self.settled:
            return
        self.settled = True
        self.status = self.record.status = status
        self.record.latency = time.monotonic() - self.exchange.started
        if self.rated:
            self.rated.settle(self.record.prompt_tokens + self.record.completion_tokens)
        if self.is_free:
            self.record.price = Decimal(0)
        if self.admission:
            self.admission.fill_in(self.record)
        try:
            await self.gateway.accountant.record(self.record)
        except OSError as error:
            self.status = 503
            if self.admission:
                self.admission.release(self.record)
            why = error.strerror or type(error).__name__
            raise InvokeServerUnavailableError(f"the call cannot be written to the ledger: {why}") from None
        if self.admission:
            await self.admission.settle(self.record)

    async def settle_abandoned(self) -> None:
        """Write down a call whose client went away, and what was used by then."""
        if not self.settled:
            await self._count_interrupted()
            await self.settle(CLIENT_GONE)
        elif self.admission:  # it went while the call was written down
            await self.admission.settle(self.record)

    async def _count_interrupted(self) -> None:
        if self.interrupted is not None:
            self.used(await self.interrupted())


def _timeout(headers: Mapping[str, str], most: float) -> float:
    """Return the seconds that the client allows, the gateway's own limit at most."""
    given = headers.get("modelbay-timeout")
    if given is None:
        return most
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1.0
    if not seconds > 0:
        raise InvokeBadRequestError(f"modelbay-timeout: {given[:40]!r} is not a number of seconds")
    return min(seconds, most)


def _latin(text: str) -> bytes:
    """Return text that came from a client as the value of a header."""
    return text.encode("ascii", "replace").translate(None, b"\r\n\0")
