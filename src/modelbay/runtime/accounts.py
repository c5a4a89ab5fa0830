"""What the runtime asks of a platform: who calls, and where a call is written down."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from modelbay.errors import InvokeRateLimitError, ModelbayError
from modelbay.runtime.scopes import Scope


class KeyRefusedError(ModelbayError):
    """The caller has no key, or one that opens nothing; the message never says which part was wrong."""

    summary = "The key is not valid."


class LimitReachedError(InvokeRateLimitError):
    """A quota or a budget has not so much left: nothing was called, and trying again at once is of no use."""

    summary = "A limit is reached."
    retryable = False


class RateReachedError(InvokeRateLimitError):
    """So much is asked already, a minute or at once: nothing was called.

    Attributes:
        of_model: Whether the rate is that of the model that was tried, so that another may be let through;
            else it is the caller's, and holds for all models.
    """

    summary = "A rate is reached."
    of_model = False

    def __init__(self, description: str | None = None, *, of_model: bool = False, **more: Any) -> None:
        super().__init__(description, **more)
        self.of_model = of_model


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a key belongs to, and what it opens.

    Attributes:
        member: The user whose key it is, "" if it is the workspace's.
        scopes: What restricts it: its own scope and those of the keys that it is narrower than. It opens what
            all of them open; none restricts nothing.
        lineage: The ids of those keys, from its own up to the root. What it spends counts against them all.
    """

    key_id: str
    key_name: str
    workspace: str
    scopes: tuple[Scope, ...] = ()
    member: str = ""
    lineage: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.lineage:
            object.__setattr__(self, "lineage", (self.key_id,))


class Authoriser(Protocol):
    """Tells whose a key is."""

    def known(self, key: str) -> Caller | None:
        """Return the caller if that is known without I/O; None if `authorise` has to look."""
        ...

    async def authorise(self, key: str) -> Caller:
        """Return the caller; KeyRefusedError if the key is unknown, expired or revoked."""
        ...


@dataclass(slots=True, kw_only=True)
class CallRecord:
    """One call, as the ledger keeps it: who, what, how much. No words of the prompt or the answer.

    Attributes:
        id: The request id, unique: the same call is never written twice.
        at: When it began, seconds since 1970.
        surface: The dialect that the client spoke, such as "openai.chat".
        model_type: One of the six.
        status: HTTP status that the client was told; 499 if it went away before.
        error: Class of the error, "" if there was none.
        attempts: How many models were tried.
        quantity, meter: What was counted where it is not tokens ("character", "minute", "search", "call").
        price: Exact; None if it is not known.
        latency, first_token: Seconds; `first_token` None if nothing was streamed.
        tag: What the client says of itself (its User-Agent, cut).
        member: The user whose key it was.
        credential, credential_name: Id and name of the credentials that were used.
        hosted: The quota that paid for it ("trial", …), "" with credentials of the workspace's own.
        units: What the quota was charged, in its own unit.
        unit_prices: The prices that were applied, as JSON.
        price_version: Which prices those were.
        route: The route that led to the model.
        tried: Every attempt with what became of it, as JSON.
    """

    id: str
    at: float
    workspace: str
    key_id: str
    surface: str
    model_type: str = ""
    asked_model: str = ""
    provider: str = ""
    model: str = ""
    stream: bool = False
    status: int = 200
    error: str = ""
    attempts: int = 1
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    quantity: Decimal | None = None
    meter: str = ""
    price: Decimal | None = None
    currency: str = "USD"
    estimated: bool = False
    latency: float = 0.0
    first_token: float | None = None
    tag: str = ""
    member: str = ""
    credential: str = ""
    credential_name: str = ""
    hosted: str = ""
    units: Decimal | None = None
    unit_prices: str = ""
    price_version: str = ""
    route: str = ""
    tried: str = ""


class Accountant(Protocol):
    """Writes calls down."""

    async def record(self, record: CallRecord) -> None:
        """Return when the record is durable; it is written once, however often it is given.

        Raises:
            OSError: It could not be made durable (the disk is full, …): the answer must not be completed.
        """
        ...


class StoredResponse(Protocol):
    """An answer of the responses API that the client may ask for again."""

    @property
    def body(self) -> dict[str, object]:
        """The response as it was answered."""
        ...

    @property
    def input(self) -> list[object]:
        """The items that were its input, those of the responses before it included."""
        ...


class ResponseStore(Protocol):
    """Keeps answers of the responses API, by workspace, until they expire."""

    async def put(
        self, workspace: str, response_id: str, body: dict[str, object], items: list[object]
    ) -> None:
        """Keep a response and its input items; durable when it returns."""
        ...

    async def get(self, workspace: str, response_id: str) -> StoredResponse | None:
        """Return a workspace's response; None if there is none, or it has expired."""
        ...

    async def delete(self, workspace: str, response_id: str) -> bool:
        """Forget a response; False if there was none."""
        ...
