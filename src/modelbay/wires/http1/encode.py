"""Writes an HTTP/1.1 request as bytes. No I/O."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from functools import lru_cache

import orjson

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.http1.target import Target
from modelbay.wires.request import Part, Request

__all__ = ["encode_body", "encode_head"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # a line end here would smuggle in another header
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def encode_body(request: Request) -> tuple[bytes, str | None]:
    """Return the body and its content type.

    Raises:
        InvokeBadRequestError: The JSON holds something that JSON cannot say.
    """
    if request.form is not None:
        boundary = secrets.token_hex(16)
        return _multipart(request.form, boundary), f"multipart/form-data; boundary={boundary}"
    if request.content is not None:
        return request.content, "application/json"
    if request.json is None:
        return b"", None
    try:
        return orjson.dumps(request.json), "application/json"
    except TypeError as error:
        why = str(error)
    raise InvokeBadRequestError(f"The request cannot be written as JSON: {why}.")


def encode_head(
    request: Request,
    target: Target,
    body: bytes,
    content_type: str | None,
    *,
    via_proxy: Mapping[str, str] | None = None,
) -> bytes:
    """Return request line and headers.

    Args:
        via_proxy: Headers for a proxy that forwards the request; None when there is none or it is tunnelled.
    """
    if via_proxy is None and request.form is None:
        begin = _usual(request.method, target, content_type, tuple(request.headers.items()))
    else:
        begin = _begin(request, target, content_type, via_proxy)
    if body or request.method not in {"GET", "HEAD", "DELETE"}:
        return b"%bContent-Length: %d\r\n\r\n" % (begin, len(body))
    return begin + b"\r\n"


@lru_cache(maxsize=256)
def _usual(
    method: str, target: Target, content_type: str | None, headers: tuple[tuple[str, str], ...]
) -> bytes:
    """Return what the heads of many requests have in common: the same model is asked again and again."""
    return _begin(Request(method, "", dict(headers)), target, content_type, None)


def _begin(
    request: Request, target: Target, content_type: str | None, via_proxy: Mapping[str, str] | None
) -> bytes:
    """Return request line and headers, but for the length."""
    path = target.path if via_proxy is None else f"{target.scheme}://{target.authority}{target.path}"
    if not _TOKEN.fullmatch(request.method):
        raise InvokeBadRequestError("The request's method is not valid.")
    lines = [f"{request.method} {path} HTTP/1.1", f"Host: {target.authority}"]
    given = set()
    for name, value in request.headers.items():
        lower = name.lower()
        given.add(lower)
        if lower not in _OURS and not (lower == "content-type" and request.form is not None):
            lines.append(_line(name, value))
    for name, value in _defaults(target, content_type, via_proxy).items():
        if name.lower() not in given or (name == "Content-Type" and request.form is not None):
            lines.append(f"{name}: {value}")
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")


def _defaults(
    target: Target, content_type: str | None, via_proxy: Mapping[str, str] | None
) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "Accept": "*/*", "User-Agent": "modelbay"}
    if content_type:
        headers["Content-Type"] = content_type
    if target.authorization:
        headers["Authorization"] = target.authorization
    return headers | dict(via_proxy) if via_proxy else headers


def _line(name: str, value: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise InvokeBadRequestError(f"{name!r} is not a valid header name.")
    if _FORBIDDEN.search(value) or not _latin(value):
        raise InvokeBadRequestError(
            f"The value of the header {name!r} holds a character that HTTP does not allow: "
            "a line break or one outside Latin-1. Was a key pasted with something around it?"
        )
    return f"{name}: {value.strip()}"


def _latin(value: str) -> bool:
    return value.isascii() or max(value) <= "\xff"


def _multipart(parts: tuple[Part, ...], boundary: str) -> bytes:
    written: list[bytes] = []
    for part in parts:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(part.name)}"'
        if part.filename is not None:
            head += f'; filename="{_quoted(part.filename)}"'
        content_type = part.content_type or (
            "application/octet-stream" if part.filename is not None else None
        )
        if content_type:
            head += f"\r\n{_line('Content-Type', content_type)}"
        data = part.data.encode() if isinstance(part.data, str) else part.data
        written += (head.encode(), b"\r\n\r\n", data, b"\r\n")
    written.append(f"--{boundary}--\r\n".encode())
    return b"".join(written)


def _quoted(name: str) -> str:
    """Escape as browsers do (https://html.spec.whatwg.org/multipage/#multipart-form-data)."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
