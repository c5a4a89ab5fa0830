"""Parts of messages as content blocks."""

from __future__ import annotations

import re

from modelbay.entities import (
    MultiModalPromptMessageContent,
    PromptMessage,
    PromptMessageContent,
    PromptMessageContentType,
    TextPromptMessageContent,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.bedrock.state import Block, cache_point_after, state_of
from modelbay.wires.media import Media, media_of

_FORMATS: dict[str, dict[str, str]] = {
    PromptMessageContentType.IMAGE: {name: name for name in ("png", "jpeg", "gif", "webp")},
    PromptMessageContentType.DOCUMENT: {
        "pdf": "pdf",
        "csv": "csv",
        "msword": "doc",
        "vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
        "vnd.ms-excel": "xls",
        "vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
        "html": "html",
        "plain": "txt",
        "markdown": "md",
    },
    PromptMessageContentType.VIDEO: {
        "x-matroska": "mkv",
        "quicktime": "mov",
        "mp4": "mp4",
        "webm": "webm",
        "x-flv": "flv",
        "mpeg": "mpeg",
        "x-ms-wmv": "wmv",
        "3gpp": "three_gp",
    },
    PromptMessageContentType.AUDIO: {
        "mpeg": "mp3",
        "mp3": "mp3",
        "wav": "wav",
        "x-wav": "wav",
        "wave": "wav",
        "opus": "opus",
        "aac": "aac",
        "flac": "flac",
        "ogg": "ogg",
        "mp4": "mp4",
        "m4a": "m4a",
        "x-m4a": "m4a",
        "webm": "webm",
    },
}
_MORE_OF_DOCUMENT = ("citations", "context")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9()\[\]-]+")
_LONGEST_NAME = 100  # of the 200 that the API takes: a number may follow


def content_blocks(message: PromptMessage, place: str) -> list[Block]:
    """Return a message's content as blocks. Text of white space only is left out: the API refuses it."""
    if isinstance(message.content, str):
        return [{"text": message.content}] if message.content.strip() else []
    blocks: list[Block] = []
    for index, part in enumerate(message.content or []):
        block = to_block(part, f"{place}.content[{index}]")
        blocks += [] if is_blank(block) else [block]
        blocks += cache_point_after(part)
    return blocks


def text_blocks(message: PromptMessage, place: str) -> list[Block]:
    """Return a message that may hold text only; InvokeBadRequestError for any other part."""
    for index, part in enumerate(message.content if isinstance(message.content, list) else []):
        if not isinstance(part, TextPromptMessageContent):
            raise InvokeBadRequestError(
                f"{place}.content[{index}]: {_kind(part)} cannot stand in a message of role {message.role}"
            )
    return content_blocks(message, place)


def is_blank(block: Block) -> bool:
    """Whether the block is text that says nothing."""
    return "text" in block and not str(block["text"] or "").strip()


def to_block(part: PromptMessageContent, place: str) -> Block:
    """Return a part as a block, with the state that the caller put on it."""
    if isinstance(part, TextPromptMessageContent):
        return _text_block(part)
    kind = _kind(part)
    if kind not in _FORMATS or not isinstance(part, MultiModalPromptMessageContent):
        raise InvokeBadRequestError(f"{place}: this API takes no {kind}")
    media = media_of(part, place)
    file: Block = {"format": _format(kind, part, media, place), "source": _source(media, place)}
    if kind == PromptMessageContentType.DOCUMENT:
        file["name"] = _document_name(part.filename)
        state = state_of(part)
        file |= {name: state[name] for name in _MORE_OF_DOCUMENT if state.get(name)}
    return {kind: file}


def with_names_apart(blocks: list[Block], taken: set[str]) -> list[Block]:
    """Return the blocks with a number behind each document's name that is taken: no two may be the same."""
    return [_named_apart(block, taken) if "document" in block else block for block in blocks]


def _named_apart(block: Block, taken: set[str]) -> Block:
    name = first = block["document"]["name"]
    number = 2
    while name in taken:
        name, number = f"{first} {number}", number + 1
    taken.add(name)
    return {"document": block["document"] | {"name": name}}


def _text_block(part: TextPromptMessageContent) -> Block:
    """Return text: plain, or as what a guardrail looks at. A search result has no part of its own."""
    state = state_of(part)
    if isinstance(state.get("searchResult"), dict):
        return {"searchResult": state["searchResult"]}
    if isinstance(state.get("guardContent"), dict):
        qualifiers = state["guardContent"].get("qualifiers")
        return {
            "guardContent": {"text": {"text": part.data} | ({"qualifiers": qualifiers} if qualifiers else {})}
        }
    return {"text": part.data}


def _format(kind: str, part: MultiModalPromptMessageContent, media: Media, place: str) -> str:
    known = _FORMATS[kind]
    subtype = media.mime_type.partition("/")[2].partition(";")[0].lower()
    found = known.get(subtype)
    if found is None:
        extension = (part.format or "").lower()
        found = extension if extension in known.values() else None
    if found is None:
        raise InvokeBadRequestError(
            f"{place}: a file of type {media.mime_type or part.format!r} is not taken as {kind}; "
            f"give one of {', '.join(dict.fromkeys(known.values()))}"
        )
    return found


def _source(media: Media, place: str) -> Block:
    if media.url.startswith("s3://"):
        return {"s3Location": {"uri": media.url}}
    if media.url:
        raise InvokeBadRequestError(f"{place}: this API takes files as bytes, or from s3://")
    return {"bytes": media.base64_data}


def _document_name(filename: str) -> str:
    """Return a name of the letters that the API allows; others could carry instructions to the model."""
    stem = filename.rpartition(".")[0] or filename
    return _NOT_IN_NAMES.sub(" ", stem).strip()[:_LONGEST_NAME].strip() or "document"


def _kind(part: PromptMessageContent) -> str:
    return str(getattr(part, "type", "part"))
