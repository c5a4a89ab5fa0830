"""Parts of messages as content blocks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from modelbay.entities import (
    MultiModalPromptMessageContent,
    PromptMessage,
    PromptMessageContent,
    PromptMessageContentType,
    TextPromptMessageContent,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.anthropic.state import state_of
from modelbay.wires.carried import beside
from modelbay.wires.media import Media, media_of

Block = dict[str, Any]

_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_OF_PARTS = ("text", "image", "document")  # a part says these itself
_PDF = "application/pdf"


def content_blocks(message: PromptMessage, place: str) -> list[Block]:
    """Return a message's content as blocks. Text of white space only is left out: the API refuses it."""
    if isinstance(message.content, str):
        return [text_block(message.content)] if message.content.strip() else []
    blocks = (to_block(part, f"{place}.content[{index}]") for index, part in enumerate(message.content or []))
    return [block for block in blocks if not is_blank(block)]


def text_blocks(message: PromptMessage, place: str) -> list[Block]:
    """Return a message that may hold text only; InvokeBadRequestError for any other part."""
    for index, part in enumerate(message.content if isinstance(message.content, list) else []):
        if not isinstance(part, TextPromptMessageContent):
            raise InvokeBadRequestError(
                f"{place}.content[{index}]: {_kind(part)} cannot stand in a message of role {message.role}"
            )
    return content_blocks(message, place)


def text_block(text: str) -> Block:
    """Return a block of text."""
    return {"type": "text", "text": text}


def is_blank(block: Mapping[str, Any]) -> bool:
    """Whether the block is text that says nothing."""
    return block.get("type") == "text" and not str(block.get("text") or "").strip()


def is_sound(block: Any) -> bool:
    """Whether a block has what is read from it: it may have been out of our hands."""
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return False
    needed = {"text": "text", "tool_use": "id"}.get(block["type"])
    return needed is None or isinstance(block.get(needed), str)


def to_block(part: PromptMessageContent, place: str) -> Block:
    """Return a part as a block, with the state the caller put on it (`cache_control`, `citations`, …).

    State with a `type` is a block that has no part of its own (`search_result`, …): it is sent as it stands.
    """
    state = state_of(part)
    if isinstance(state.get("type"), str) and state["type"] not in _OF_PARTS:
        return dict(state)
    if isinstance(part, TextPromptMessageContent):
        return beside(text_block(part.data), state)
    source_of = _SOURCES.get(_kind(part))
    if source_of is None or not isinstance(part, MultiModalPromptMessageContent):
        raise InvokeBadRequestError(f"{place}: this API takes no {_kind(part)}")
    source = state.get("source")
    if not isinstance(source, dict) or not source:
        source = source_of(media_of(part, place), place)
    block: Block = {"type": _kind(part), "source": source}
    if _kind(part) == PromptMessageContentType.DOCUMENT and part.filename:
        block["title"] = part.filename
    return beside(block, state)


def _image_source(media: Media, place: str) -> Block:
    if media.url:
        return {"type": "url", "url": media.url}
    if media.mime_type not in _IMAGE_TYPES:
        raise InvokeBadRequestError(
            f"{place}: an image of type {media.mime_type or 'unknown'!r} is not taken; "
            f"give one of {', '.join(_IMAGE_TYPES)}"
        )
    return {"type": "base64", "media_type": media.mime_type, "data": media.base64_data}


def _document_source(media: Media, place: str) -> Block:
    if media.url:
        return {"type": "url", "url": media.url}
    if media.mime_type == _PDF:
        return {"type": "base64", "media_type": _PDF, "data": media.base64_data}
    if media.mime_type.startswith("text/"):
        return {"type": "text", "media_type": "text/plain", "data": _decoded_text(media, place)}
    raise InvokeBadRequestError(
        f"{place}: a document of type {media.mime_type or 'unknown'!r} is not taken; give PDF or text"
    )


def _decoded_text(media: Media, place: str) -> str:
    try:
        return base64.b64decode(media.base64_data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvokeBadRequestError(f"{place}: the document is not base64 of UTF-8 text: {error}") from None


def _kind(part: PromptMessageContent) -> str:
    return str(getattr(part, "type", "part"))


_SOURCES: dict[str, Callable[[Media, str], Block]] = {
    PromptMessageContentType.IMAGE: _image_source,
    PromptMessageContentType.DOCUMENT: _document_source,
}
