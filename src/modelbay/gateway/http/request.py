"""Reads the head of a request: llhttp judges the bytes, strictly; the rest is checked here. No I/O."""

from __future__ import annotations

import re

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from modelbay.errors import ModelbayError
from modelbay.gateway.http.settings import ServerSettings

__all__ = ["CHUNKED", "HeadReader", "RefusedError"]

CHUNKED = -1
"""The `length` of a body that comes in chunks."""

_END = b"\r\n\r\n"
_HOST = re.compile(r"[A-Za-z0-9._~!$&'()*+;=%:\[\]-]*")
_ABSOLUTE = re.compile(r"https?://[^/?#]*", re.IGNORECASE)

_USUAL = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Anthropic-Beta",
    "Anthropic-Version",
    "Api-Key",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "Expect",
    "Forwarded",
    "Host",
    "Idempotency-Key",
    "Modelbay-Drop",
    "OpenAI-Beta",
    "OpenAI-Organization",
    "OpenAI-Project",
    "Origin",
    "Pragma",
    "Referer",
    "Traceparent",
    "Tracestate",
    "Transfer-Encoding",
    "User-Agent",
    "X-Api-Key",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-Ip",
    "X-Request-Id",
    "X-Stainless-Arch",
    "X-Stainless-Async",
    "X-Stainless-Lang",
    "X-Stainless-OS",
    "X-Stainless-Package-Version",
    "X-Stainless-Read-Timeout",
    "X-Stainless-Retry-Count",
    "X-Stainless-Runtime",
    "X-Stainless-Runtime-Version",
)
# Most names of most requests: a look-up is cheaper than decoding, and all requests share one string.
_NAMES = {each.encode(): each.lower() for each in _USUAL} | {
    each.lower().encode(): each.lower() for each in _USUAL
}
_METHODS = {each.encode(): each for each in ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")}


class RefusedError(ModelbayError):
    """The bytes are not a request that is served: `status` says why, and the connection ends."""

    summary = "The request cannot be read."


class HeadReader:
    """Collects one head, from any number of pieces.

    When `feed` has come to its end, `complete` is true and the other attributes hold what it says.
    """

    __slots__ = (
        "_fed",
        "_last",
        "_parser",
        "_refused",
        "_repeated",
        "_settings",
        "_target",
        "complete",
        "expects",
        "headers",
        "keep_alive",
        "length",
        "method",
        "minor",
        "path",
        "query",
    )

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._parser: HttpRequestParser | None = HttpRequestParser(self)
        self._fed = 0
        self._repeated = 0
        self._last = b""  # the last three bytes, which may begin the empty line
        self._refused: RefusedError | None = None
        self._target = b""
        self.complete = False
        self.headers: dict[str, str] = {}

    def feed(self, data: bytes, at: int) -> int:
        """Read the bytes from `at` on that belong to the head; return where they end.

        Raises:
            RefusedError: They cannot begin a request.
        """
        if not self._fed and data[at] <= 13:  # some clients end the request before with a line end too many
            at = len(data) - len(data[at:].lstrip(b"\r\n"))
            if at == len(data):
                return at
        stop = self._stop(data, at)
        room = self._settings.max_head - self._fed
        end = len(data) if stop < 0 else stop
        piece = data[at : min(end, at + room)]
        self._fed += end - at
        self._parse(piece)
        if end - at > room:
            raise RefusedError(f"The head is longer than {self._settings.max_head} bytes.", status=431)
        if stop < 0:
            self._last = (self._last + piece)[-3:]
        else:
            self._finish()
        return end

    def drop(self) -> None:
        """Let go of the parser, which holds this object's methods: a cycle for the garbage collector."""
        self._parser = self._refused = None

    def _stop(self, data: bytes, at: int) -> int:
        """Return where the head ends, -1 if not within `data`.

        llhttp says that it has seen the end, but not where; so it is looked for, and llhttp must agree.
        """
        if self._last:
            seam = (self._last + data[at : at + 3]).find(_END)
            if seam >= 0:
                return at + seam + 4 - len(self._last)
        found = data.find(_END, at)
        return found if found < 0 else found + 4

    def _parse(self, piece: bytes) -> None:
        parser = self._parser
        assert parser is not None
        try:
            parser.feed_data(piece)
        except HttpParserUpgrade:
            pass  # an offer that need not be taken: what follows is still framed as HTTP/1.1
        except HttpParserError as error:
            raise self._refused or RefusedError(f"Not HTTP/1.1: {error}.", status=400) from None

    # What llhttp calls. An error raised here would come out of it as its own, so it is kept aside.

    def on_url(self, url: bytes) -> None:
        self._target += url
        if len(self._target) > self._settings.max_target:
            self._refuse(414, f"The path is longer than {self._settings.max_target} bytes.")

    def on_header(self, name: bytes, value: bytes) -> None:
        key = _NAMES.get(name) or name.decode("ascii").lower()
        if key in self.headers:
            self._repeat(key, value)
        else:
            self.headers[key] = value.decode("latin-1").strip(" \t")

    def _repeat(self, key: str, value: bytes) -> None:
        if key == "host":
            self._refuse(400, "There is more than one Host header.")
        self._repeated += 1
        if self._repeated > self._settings.max_headers:
            self._refuse(431, f"There are more than {self._settings.max_headers} headers.")
        separator = "; " if key == "cookie" else ", "
        self.headers[key] += separator + value.decode("latin-1").strip(" \t")

    def on_headers_complete(self) -> None:
        self.complete = True

    def _refuse(self, status: int, message: str) -> None:
        self._refused = RefusedError(message, status=status)
        raise self._refused

    # What the head means.

    def _finish(self) -> None:
        parser = self._parser
        assert parser is not None
        self.drop()
        if not self.complete:
            raise RefusedError("Not HTTP/1.1: the head ends too early.", status=400)
        if len(self.headers) + self._repeated > self._settings.max_headers:
            raise RefusedError(f"There are more than {self._settings.max_headers} headers.", status=431)
        version = parser.get_http_version()
        if version not in {"1.1", "1.0"}:
            raise RefusedError("The server speaks HTTP/1.1 and HTTP/1.0.", status=505)
        self.minor = 1 if version == "1.1" else 0
        method = parser.get_method()
        self.method = _METHODS.get(method) or method.decode("ascii")
        self._find_target()
        self._find_host()
        self.keep_alive = self._keeps_alive()
        self.length = self._find_length()
        self.expects = "expect" in self.headers and self._expects_continue()

    def _find_target(self) -> None:
        target = self._target.decode("ascii")
        if target[0] != "/" and target != "*":
            absolute = _ABSOLUTE.match(target)
            if not absolute:
                raise RefusedError("The request's target must be a path.", status=400)
            target = target[absolute.end() :]
            target = target if target.startswith("/") else f"/{target}"
        self.path, _, self.query = target.partition("?")

    def _find_host(self) -> None:
        host = self.headers.get("host")
        if host is None and self.minor:
            raise RefusedError("The Host header is missing.", status=400)
        if host and not _HOST.fullmatch(host):
            raise RefusedError("The Host header is not the name of a host.", status=400)

    def _keeps_alive(self) -> bool:
        connection = self.headers.get("connection")
        if connection is None or connection == "keep-alive":
            return self.minor == 1 or connection is not None
        options = [each.strip() for each in connection.lower().split(",")]
        return "close" not in options and (self.minor == 1 or "keep-alive" in options)

    def _find_length(self) -> int:
        """Return the body's length. llhttp has refused lengths that are odd, repeated, or beside chunks."""
        headers = self.headers
        coding = headers.get("transfer-encoding")
        if coding is None:
            return int(headers.get("content-length", 0))
        if coding.lower() != "chunked":
            raise RefusedError("The only transfer coding is chunked.", status=501)
        if not self.minor:
            raise RefusedError("HTTP/1.0 has no chunks.", status=400)
        return CHUNKED

    def _expects_continue(self) -> bool:
        """Tell whether the client waits to be told to send the body."""
        if self.headers["expect"].lower() != "100-continue":
            raise RefusedError("The only expectation is 100-continue.", status=417)
        return self.minor == 1 and self.length != 0
