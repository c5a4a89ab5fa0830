"""Content blocks of a client as parts of messages."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import orjson

from modelbay.entities import (
    DocumentPromptMessageContent,
    ImageDetail,
    ImagePromptMessageContent,
    PromptMessageContentUnionTypes,
    TextPromptMessageContent,
)
from modelbay.wires.anthropic.state import KEY
from modelbay.wires.asked import Fields, wrong

Block = dict[str, Any]
Part = PromptMessageContentUnionTypes


def checked_blocks(value: Any, place: str) -> list[Block]:
    """Return a list of blocks, each an object that says its type."""
    if not isinstance(value, list):
        raise wrong(place, "must be a string or a list of content blocks")
    for index, block in enumerate(value):
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            raise wrong(f"{place}[{index}].type", "is required: a content block is an object with a 'type'")
    return value


def to_content(value: Any, place: str) -> str | list[Part]:
    """Return a user's or a tool's content; nothing is the empty string."""
    if value is None or isinstance(value, str):
        return value or ""
    return [to_part(block, f"{place}[{index}]") for index, block in enumerate(checked_blocks(value, place))]


def to_part(block: Block, place: str) -> Part:
    """Return a block as a part. What a part has no field for is its state."""
    kind, fields = block["type"], Fields(block, place)
    if kind == "text":
        fields.take("type")
        return TextPromptMessageContent(data=text_in(block, "text", place, fields), **_state(fields))
    if kind in ("image", "document") and isinstance(block.get("source"), dict):
        return _file(block, fields, place)
    if kind in ("image", "document"):
        raise wrong(f"{place}.source", "is required: give an object")
    if kind == "search_result":
        return TextPromptMessageContent(data=_found(block, place), opaque_body={KEY: block})
    # A file without bytes or address: this API gets the block as it stands, any other refuses it by place.
    return DocumentPromptMessageContent(opaque_body={KEY: block})


def text_in(block: Block, field: str, place: str, fields: Fields | None = None) -> str:
    """Return a field that must be a string, the empty one included."""
    value = (fields or Fields(block, place)).text(field)
    if value is None:
        raise wrong(f"{place}.{field}", "is required: give a string")
    return value


def to_json_text(value: Any, place: str) -> str:
    """Return a client's value as JSON text; it may be nested too deeply."""
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:
        raise wrong(place, f"cannot be read ({error})") from None


def _file(block: Block, fields: Fields, place: str) -> Part:
    fields.take("type")
    source = fields.take("source")
    file = _source(source, f"{place}.source")
    if block["type"] == "image":
        return ImagePromptMessageContent(**file, detail=ImageDetail.AUTO, **_state(fields, file, source))
    title = fields.text("title") or ""
    return DocumentPromptMessageContent(**file, filename=title, **_state(fields, file, source))


def _source(source: Block, place: str) -> dict[str, str]:
    """Return the fields of a file; none of them if only this API can look it up."""
    kind, fields = source.get("type"), Fields(source, place)
    if kind == "base64":
        mime_type = fields.required_text("media_type")
        data = text_in(source, "data", place, fields)
        return {"mime_type": mime_type, "format": mime_type.rpartition("/")[2], "base64_data": data}
    if kind == "url":
        return {"url": fields.required_text("url")}
    if kind == "text":
        return _text_file(text_in(source, "data", place, fields), place)
    if kind == "content":
        return _text_file(_text_of(source.get("content"), f"{place}.content"), place)
    if not isinstance(kind, str):
        raise wrong(f"{place}.type", "is required: give 'base64', 'url', 'text', 'content' or 'file'")
    return {}


def _text_file(text: str, place: str) -> dict[str, str]:
    try:
        data = base64.b64encode(text.encode()).decode()
    except UnicodeEncodeError as error:
        raise wrong(place, f"is not text ({error.reason})") from None
    return {"mime_type": "text/plain", "format": "plain", "base64_data": data}


def _state(fields: Fields, file: dict[str, str] | None = None, source: Block | None = None) -> dict[str, Any]:
    state = fields.rest()
    if source is not None and (not file or not _says_all(file, source)):
        state["source"] = source
    return {"opaque_body": {KEY: state}} if state else {}


def _says_all(file: dict[str, str], source: Block) -> bool:
    """Whether the file's fields become this source again."""
    if file.get("url", "").startswith("data:") or source["type"] == "content":
        return False
    known = {"url": {"type", "url"}}.get(source["type"], {"type", "media_type", "data"})
    plain = source["type"] != "text" or source.get("media_type") == "text/plain"
    return plain and source.keys() <= known


def _found(block: Block, place: str) -> str:
    """Return what a search result says, for models that have no such block."""
    title, source = text_in(block, "title", place), text_in(block, "source", place)
    return f"{title}\n{source}\n{_text_of(block.get('content'), f'{place}.content')}"


def _text_of(content: Any, place: str) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(_texts(checked_blocks(content, place), place))


def _texts(blocks: list[Block], place: str) -> Iterator[str]:
    for index, block in enumerate(blocks):
        if block["type"] == "text":
            yield text_in(block, "text", f"{place}[{index}]")
