"""What the processes of all machines share: Redis. An operation is a script, and one round trip."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha1
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from modelbay.platform.shared.port import LEASE, Refused
from modelbay.platform.shared.stores import MOST_COOLING, AwayError, News, Wanted
from modelbay.store import StoreError

if TYPE_CHECKING:
    from redis.asyncio import Redis

PREFIX: Final = "modelbay:"
PATIENCE: Final = 0.1
_FOLDER: Final = Path(__file__).parent / "lua"
_SILENCE: Final = 1.0  # seconds until a connection that does not answer is given up

_Call = tuple[list[str], list[Any]]  # keys and arguments


class _Script:
    """A script, which Redis knows by its hash once it has seen it."""

    def __init__(self, name: str) -> None:
        self.text = (_FOLDER / f"{name}.lua").read_bytes()
        self.hash = sha1(self.text, usedforsecurity=False).hexdigest()


class RedisStore:
    """A `Store` in the Redis of a URL. The clock is the server's: those of the machines differ."""

    remote = True

    def __init__(
        self, url: str, *, patience: float = PATIENCE, clock: Callable[[], float] | None = None
    ) -> None:
        """Use a Redis; the package is loaded, and the URL read, by `open`.

        Args:
            patience: Seconds that a call may wait for it, where the URL has no `socket_timeout`.
            clock: In place of the server's, for tests.
        """
        self._url = url
        self.place = _place(url)
        self.patience = patience
        self._clock = clock
        self._client: Redis | None = None
        self._version = ""
        self._take_script = _Script("take")
        self._exchange_script = _Script("exchange")

    def open(self) -> None:
        """Load the package and read the URL.

        Raises:
            StoreError: There is no such package, the URL is none, or its `socket_timeout` is no time to wait.
        """
        try:  # start-up time: 0.3 s and 38 MB, for who uses it
            from redis.asyncio import Redis  # noqa: PLC0415
            from redis.asyncio.connection import parse_url  # noqa: PLC0415
            from redis.asyncio.retry import Retry  # noqa: PLC0415
            from redis.backoff import NoBackoff  # noqa: PLC0415
        except ImportError:
            raise StoreError("MODELBAY_REDIS_URL is set: install modelbay[gateway,redis]") from None
        try:
            options: Mapping[str, Any] = parse_url(self._url)
            self.patience = options.get("socket_timeout", self.patience)
            silence = max(_SILENCE, self.patience)
            self._client = Redis.from_url(
                self._url,
                protocol=2,
                retry=Retry(NoBackoff(), 0),  # whoever calls does something better than to wait
                socket_timeout=silence,
                socket_connect_timeout=silence,
                socket_keepalive=True,
            )
        except ValueError as error:
            raise StoreError(f"MODELBAY_REDIS_URL: {_mistake(error)}") from None
        if not 0 < self.patience < inf:
            raise StoreError(
                "MODELBAY_REDIS_URL: socket_timeout is to be seconds that a call may wait, above 0"
            )

    async def take(self, wanted: Sequence[Wanted]) -> Sequence[int | Refused]:
        """Take for each, in order: all it asks for, or nothing; in one round trip."""
        calls = [
            (
                [f"{PREFIX}rate:{ask.name}" for ask in each.asks],
                [
                    self._now(),
                    each.ticket,
                    LEASE,
                    *(part for ask in each.asks for part in (ask.kind.value, ask.limit, ask.amount)),
                ],
            )
            for each in wanted
        ]
        answers = await self._run(self._take_script, calls)
        return [_taken(each, answer) for each, answer in zip(wanted, answers, strict=True)]

    async def exchange(self, news: News) -> Mapping[str, float] | None:
        """Tell the news; return what is to be left alone, if that has changed."""
        keys = {f"{PREFIX}cooling": 1, f"{PREFIX}cooling:version": 2}

        def placed(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
            return [[keys.setdefault(f"{PREFIX}rate:{name}", len(keys) + 1), *rest] for name, *rest in rows]

        told = {
            "spent": placed(news.spent),
            "freed": placed(news.freed),
            "renewed": placed(news.renewed),
            "cooled": news.cooled,
        }
        arguments = [self._now(), LEASE, self._version, MOST_COOLING, orjson.dumps(told)]
        [[version, *rest]] = await self._run(self._exchange_script, [([*keys], arguments)])
        if not rest and version.decode() == self._version:
            return None
        self._version = version.decode()
        names = (name.decode() for name in rest[::2])
        return dict(zip(names, map(float, rest[1::2]), strict=True))

    async def claim(self, name: str, seconds: float) -> bool:
        """Return whether this process has the right to something."""
        client = self._opened()
        try:
            key, lasting = f"{PREFIX}claim:{name}", max(1, round(seconds * 1000))
            return bool(await client.set(key, b"1", px=lasting, nx=True))
        except Exception as error:  # noqa: BLE001 - what a broken server may answer is not listed anywhere
            raise self._away(error) from None

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _run(self, script: _Script, calls: Sequence[_Call]) -> list[Any]:
        """Run a script for each of the calls, all in one round trip; two where the script is not known."""
        try:
            answers = await self._send([("EVALSHA", script.hash, call) for call in calls])
            unknown = [place for place, answer in enumerate(answers) if _is_unknown(answer)]
            if unknown:  # with its text, from which it is known then: it may be forgotten at any moment
                again = await self._send([("EVAL", script.text, calls[place]) for place in unknown])
                for place, answer in zip(unknown, again, strict=True):
                    answers[place] = answer
        except Exception as error:  # noqa: BLE001 - as above
            raise self._away(error) from None
        for answer in answers:
            if isinstance(answer, Exception):
                raise self._away(answer)
        return answers

    async def _send(self, commands: Sequence[tuple[str, str | bytes, _Call]]) -> list[Any]:
        async with self._opened().pipeline(transaction=False) as pipeline:
            for command, script, (keys, arguments) in commands:
                pipeline.execute_command(command, script, len(keys), *keys, *arguments)
            return await pipeline.execute(raise_on_error=False)

    def _opened(self) -> Redis:
        if self._client is None:
            self.open()
        assert self._client is not None
        return self._client

    def _now(self) -> str:
        return "" if self._clock is None else f"{self._clock():.6f}"

    def _away(self, error: Exception) -> AwayError:
        if "Timeout" in type(error).__name__:
            return AwayError(f"{self.place} does not answer")
        return AwayError(f"{self.place} cannot be used: {_first_line(error)}")


def _mistake(error: ValueError) -> str:
    """Return what is wrong with a URL. What the client says of it may quote a part of the password."""
    if option := re.match(r"Invalid value for '(\w+)'", str(error)):  # one that the client knows
        return f"{option[1]} has a value that cannot be read"
    return (
        "it is no address of a Redis, such as redis://:password@host:6379/0; "
        "in a password, write / # ? and @ as %2F %23 %3F and %40"
    )


def _place(url: str) -> str:
    """Return where a URL leads, without its password."""
    try:
        parts = urlsplit(url)
        where = f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
    except ValueError:  # it is said by `open`
        return "Redis"
    return f"Redis at {where}"


def _taken(wanted: Wanted, answer: Any) -> int | Refused:
    place, told = int(answer[0]), answer[1].decode()
    if place == 0:
        return int(told)
    return Refused(wanted.asks[place - 1], None if told == "never" else float(told))


def _is_unknown(answer: Any) -> bool:
    return isinstance(answer, Exception) and type(answer).__name__ == "NoScriptError"


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")[:200]
