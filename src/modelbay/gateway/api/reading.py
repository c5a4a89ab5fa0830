"""What a request has sent: its query, its body, its preconditions; refused here if it is not as described."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.problems import ProblemError, of_validation
from modelbay.wires.json_text import is_deeper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modelbay.gateway.http.exchange import Exchange

_DEEPEST: Final = 16
_MOST: Final = 50  # parameters
_JSON = re.compile(r"application/json\s*(;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE)
_ETAG = re.compile(r'\*|(?:W/)?"v([0-9]{1,18})"')


def query_of(operation: Operation, text: str) -> Any:
    """Return the query; None if the operation takes none.

    Raises:
        ProblemError: A parameter is not known, not valid, or given twice.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST, errors="strict")
    except ValueError:
        raise ProblemError(
            400, f"the query is not UTF-8, or has more than {_MOST} parameters", "bad_request"
        ) from None
    named = dict(pairs)
    if len(named) < len(pairs):
        twice = next(name for name in named if [each for each, _ in pairs].count(name) > 1)
        raise ProblemError(
            422, f"{twice[:60]}: is given twice", "invalid", errors={twice[:60]: "is given twice"}
        )
    if operation.query is not None:
        try:
            return operation.query.model_validate(named)
        except ValidationError as error:
            raise of_validation(error) from None
    if named:
        errors = {name[:60]: "is not known here" for name in named}
        raise ProblemError(422, f"{next(iter(errors))}: is not known here", "invalid", errors=errors)
    return None


async def raw_body(operation: Operation, exchange: Exchange) -> bytes:
    """Return the body's bytes; none if the operation takes none.

    Raises:
        ProblemError: It is no JSON.
        BodyError: It is too long, too slow, or broken off.
    """
    if operation.body is None:
        return b""
    if not _JSON.fullmatch(exchange.headers.get("content-type", "").strip()):
        raise ProblemError(415, "the body has to be JSON: send content-type: application/json", "no_json")
    return await exchange.body(operation.limit)


def body_of(operation: Operation, raw: bytes) -> Any:
    """Return the body; None if the operation takes none.

    Raises:
        ProblemError: It is no JSON, or a field is not valid.
    """
    if operation.body is None:
        return None
    if is_deeper(raw, _DEEPEST):
        raise ProblemError(400, f"the body is nested deeper than {_DEEPEST} levels", "bad_request")
    try:
        return operation.body.model_validate_json(raw)
    except ValidationError as error:
        if error.errors(include_input=False, include_url=False)[0]["type"] == "json_invalid":
            raise ProblemError(400, "the body is not valid JSON", "bad_request") from None
        raise of_validation(error) from None


def expected_version(operation: Operation, headers: Mapping[str, str], body: BaseModel | None) -> int | None:
    """Return the version that the caller has seen: `If-Match`, else `version` of the body; None for any.

    Raises:
        ProblemError: It is no version of anything here.
    """
    text = headers.get("if-match")
    if not operation.conditional or text is None:
        given: int | None = getattr(body, "version", None)
        return given
    found = _ETAG.fullmatch(text.strip())
    if found is None:
        text = "If-Match: is no ETag of this: read it again and send its ETag"
        raise ProblemError(412, text, "changed_since")
    return int(found[1]) if found[1] else None


def etag(version: int) -> str:
    """Return a version as answers have it."""
    return f'"v{version}"'
