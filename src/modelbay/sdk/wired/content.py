"""Files in messages that an upstream does not fetch itself: we do."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Collection, Sequence

from modelbay.entities import (
    ImagePromptMessageContent,
    MultiModalContent,
    MultiModalContentType,
    MultiModalPromptMessageContent,
    PromptMessage,
    PromptMessageContent,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import BytesDialect, Options
from modelbay.wires.media import kind_of, media_of, mime_type_of_base64
from modelbay.wires.transport import Transport

_AT_ONCE = 4
_UNTOLD = frozenset({"", "application/octet-stream", "binary/octet-stream"})


def kinds_as_bytes(dialect: object, options: Options) -> set[str]:
    """Return the kinds of files that an upstream takes as bytes only, by its dialect or its options."""
    needed = dialect.needs_bytes(options) if isinstance(dialect, BytesDialect) else ()
    return {*needed, *options.get("inline", ())}


async def inputs_with_bytes(
    inputs: Sequence[str | MultiModalContent], kinds: Collection[str], transport: Transport
) -> Sequence[str | MultiModalContent]:
    """Return what is to be embedded or ranked, with the bytes of images in place of their addresses."""
    if "image" not in kinds or not any(map(_is_address, inputs)):
        return inputs

    async def one(value: str | MultiModalContent, place: str) -> str | MultiModalContent:
        if isinstance(value, str) or not _is_address(value):
            return value
        part = ImagePromptMessageContent(url=value.content, format="", mime_type="")
        fetched = await _fetched(part, place, transport)
        return value.model_copy(update={"content": f"data:{fetched.mime_type};base64,{fetched.base64_data}"})

    return await asyncio.gather(*(one(value, f"inputs[{index}]") for index, value in enumerate(inputs)))


async def with_bytes(
    messages: Sequence[PromptMessage], kinds: Collection[str], transport: Transport
) -> Sequence[PromptMessage]:
    """Return the messages with the bytes of the files that they name by address, in place of the addresses.

    Args:
        kinds: Which files: image, audio, video, document.

    Raises:
        InvokeBadRequestError: A file cannot be had or is of another kind; names the part.
    """
    if not any(_has_file(message, kinds) for message in messages):
        return messages  # nearly every call
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(part: PromptMessageContent, place: str) -> PromptMessageContent:
        if not _is_to_fetch(part, kinds):
            return part
        assert isinstance(part, MultiModalPromptMessageContent)
        async with gate:
            return await _fetched(part, place, transport)

    async def whole(message: PromptMessage, place: str) -> PromptMessage:
        content = message.content
        if not isinstance(content, list) or not _has_file(message, kinds):
            return message
        parts = await asyncio.gather(
            *(one(part, f"{place}.content[{index}]") for index, part in enumerate(content))
        )
        return message.model_copy(update={"content": list(parts)})

    return await asyncio.gather(*(whole(each, f"messages[{index}]") for index, each in enumerate(messages)))


def _is_address(value: str | MultiModalContent) -> bool:
    if isinstance(value, str) or value.content_type != MultiModalContentType.IMAGE:
        return False
    return value.content.startswith(("http://", "https://"))


def _has_file(message: PromptMessage, kinds: Collection[str]) -> bool:
    content = message.content
    return isinstance(content, list) and any(_is_to_fetch(part, kinds) for part in content)


def _is_to_fetch(part: object, kinds: Collection[str]) -> bool:
    if not isinstance(part, MultiModalPromptMessageContent) or part.base64_data:
        return False
    return kind_of(part) in kinds and part.url.startswith(("https://", "http://"))


async def _fetched(
    part: MultiModalPromptMessageContent, place: str, transport: Transport
) -> MultiModalPromptMessageContent:
    url = media_of(part, place).url
    try:
        reply = await transport.fetch(url)
    except InvokeBadRequestError as error:
        raise InvokeBadRequestError(f"{place}: {error.description}") from None
    data = base64.b64encode(reply.body).decode()
    told = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    mime_type = mime_type_of_base64(data) or (part.mime_type if told in _UNTOLD else told)
    if not data or not _fits(kind_of(part), mime_type):
        found = mime_type or "of an unknown type"
        raise InvokeBadRequestError(f"{place}: the file at its address is {found}, not {kind_of(part)}")
    return part.model_copy(update={"base64_data": data, "mime_type": mime_type, "url": ""})


def _fits(kind: str, mime_type: str) -> bool:
    group = mime_type.partition("/")[0]
    return group not in {"", "image", "audio", "video"} if kind == "document" else group == kind
