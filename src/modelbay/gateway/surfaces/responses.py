"""The responses API: conversations whose answers the gateway keeps."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import orjson

from modelbay.errors import InvokeBadRequestError
from modelbay.gateway.call import JSON, Call
from modelbay.gateway.conversation import converse
from modelbay.runtime.accounts import StoredResponse
from modelbay.runtime.worst_case import size_of
from modelbay.wires.openai.serving.responses import (
    RESPONSES,
    deleted_body,
    history_of,
    input_items_body,
    referenced_responses,
    resolve_history,
)
from modelbay.wires.places import after_history


async def create(call: Call, rest: str) -> None:
    """Serve `POST /v1/responses`."""
    body = await call.json()
    previous = await _previous(call, body)
    others = [
        found
        for response_id in referenced_responses(body)
        if (found := await call.gateway.responses.get(call.caller.workspace, response_id))
    ]
    body, items = resolve_history(body, previous, others)
    try:
        await _answer(call, body, items)
    except InvokeBadRequestError as error:
        if previous and error.status is None:
            error.description = after_history(error.description, len(history_of(previous)))
        raise


async def _answer(call: Call, body: dict[str, Any], items: list[Any]) -> None:
    ask = RESPONSES.from_request(body)
    if call.bay.is_limited:  # what was said before is sent, and paid for, again
        call.size = size_of(orjson.dumps(body))
    ask.options["previous_response_id"] = body.get("previous_response_id")

    async def keep(response: dict[str, Any]) -> None:
        await call.gateway.responses.put(call.caller.workspace, response["id"], response, items)

    await converse(call, RESPONSES, ask, told=keep if ask.options["store"] else None)


async def one(call: Call, rest: str) -> None:
    """Serve `GET /v1/responses/{id}` and `GET /v1/responses/{id}/input_items`."""
    response_id, _, more = rest.partition("/")
    found = await _stored(call, response_id)
    if more == "input_items":
        query = {name: values[-1] for name, values in parse_qs(call.exchange.query).items()}
        await _tell(call, input_items_body(found.input, query))
    elif more:
        raise InvokeBadRequestError(f"a response has no {more[:40]!r}", status=404)
    else:
        await _tell(call, found.body)


async def delete(call: Call, response_id: str) -> None:
    """Serve `DELETE /v1/responses/{id}`."""
    if not await call.gateway.responses.delete(call.caller.workspace, response_id):
        raise _missing(response_id)
    await _tell(call, deleted_body(response_id))


async def _previous(call: Call, body: dict[str, Any]) -> StoredResponse | None:
    response_id = body.get("previous_response_id")
    if response_id is None:
        return None
    if not isinstance(response_id, str):
        raise InvokeBadRequestError("previous_response_id: this is the id of a response, as text")
    return await _stored(call, response_id, field="previous_response_id: ")


async def _stored(call: Call, response_id: str, *, field: str = "") -> StoredResponse:
    found = await call.gateway.responses.get(call.caller.workspace, response_id)
    if found is None:
        raise _missing(response_id, field)
    return found


def _missing(response_id: str, field: str = "") -> InvokeBadRequestError:
    return InvokeBadRequestError(
        f"{field}there is no response {response_id[:80]!r}; it was not stored, has expired, or was deleted",
        status=404,
    )


async def _tell(call: Call, body: dict[str, Any]) -> None:
    call.settled, call.status = True, 200
    await call.answer(body, JSON)
