"""What an upstream is told of a request: read, fitted and written by the code that serves clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import orjson
from scripts.reference.coverage.samples import Body, Client
from scripts.reference.coverage.upstreams import Place, Upstream

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError, InvokeError
from modelbay.gateway.call import Call
from modelbay.gateway.conversation import tools_for
from modelbay.gateway.surfaces.embeddings import text_of
from modelbay.runtime.opened import Opened
from modelbay.wires.http1.encode import encode_body
from modelbay.wires.request import Request

_AUDIO = b"RIFF$\x00\x00\x00WAVEfmt "


@dataclass
class Told:
    """What came of a request.

    Attributes:
        body: What the upstream is sent; None if it is sent nothing.
        dropped: The client's names of what was left out, as it allowed.
        refused: Why nothing is sent.
        ask: What was read; None if it could not be.
    """

    body: Body | None = None
    dropped: list[str] = field(default_factory=list)
    refused: str = ""
    ask: Any = None


async def tell(place: Place, client: Client, body: Body, upstream: Upstream, *, drop: bool = False) -> Told:
    """Return what an upstream is told of a request, or why it is told nothing."""
    try:
        ask = read(client, body)
    except InvokeBadRequestError as error:
        return Told(refused=error.description)
    with place.calling(upstream):
        try:
            opened = await place.engine.open(upstream.name, client.model_type, ask.wishes, drop=drop)
            await _begin(opened, client.model_type, ask, drop=drop)
        except InvokeError as error:
            if not place.recorder.requests:
                return Told(refused=error.description, ask=ask)
        return Told(_sent(place.recorder.requests[0]), opened.dropped, ask=ask)


def read(client: Client, body: Body) -> Any:
    """Return what a client asks."""
    if client.model_type is ModelType.SPEECH2TEXT:
        return client.face.from_form(list(_form({k: v for k, v in body.items() if k != "file"})))
    return client.face.from_request(body)


def _form(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in body.items():
        if isinstance(value, list):
            yield from ((f"{name}[]", str(each)) for each in value)
        else:
            yield name, str(value)


async def _begin(opened: Opened, model_type: ModelType, ask: Any, *, drop: bool) -> None:
    """Begin the call as the gateway does: what a wire refuses by name is dropped, if it may be."""
    while True:
        try:
            await _call(opened, model_type, ask, drop=drop)
        except InvokeBadRequestError as error:
            if not drop or not opened.drop(error, ask.wishes):
                raise
        else:
            return


async def _call(opened: Opened, model_type: ModelType, ask: Any, *, drop: bool) -> None:
    match model_type:
        case ModelType.LLM:
            tools = tools_for(cast(Call, SimpleNamespace(drop=drop)), opened, ask)
            asked: dict[str, Any] = {"tools": tools, "stop": ask.stop, "user": ask.user}
            if ask.stream:
                await _first(opened.stream(ask.messages, **asked))
            else:
                await opened.invoke(ask.messages, **asked)
        case ModelType.TEXT_EMBEDDING:
            texts = [await text_of(value, place, "") for place, value in enumerate(ask.inputs)]
            await opened.embed(texts, input_type=ask.input_type, user=ask.user)
        case ModelType.RERANK:
            await opened.rerank(ask.query, ask.docs, top_n=ask.top_n, user=ask.user)
        case ModelType.MODERATION:
            await opened.moderate(ask.texts[0])
        case ModelType.SPEECH2TEXT:
            await opened.transcribe(_AUDIO)
        case ModelType.TTS:
            await _first(opened.speak_stream(ask.text, voice=ask.voice))


async def _first(items: AsyncIterator[Any]) -> None:
    await anext(items)


def _sent(request: Request) -> Body:
    """Return the body of a request as an object; a form's fields as lists of their values."""
    if request.form is None:
        body: Body = orjson.loads(encode_body(request)[0])
    else:
        body = {}
        for part in request.form:
            value = part.data if part.filename is None else part.filename
            body.setdefault(part.name.removesuffix("[]"), []).append(value)
    betas = {name.lower(): value for name, value in request.headers.items() if "beta" in name.lower()}
    return body | betas
