"""Parts of messages as this API has them."""

from __future__ import annotations

from modelbay.entities import (
    MultiModalPromptMessageContent,
    PromptMessage,
    PromptMessageContent,
    TextPromptMessageContent,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.gemini.state import Part, with_state
from modelbay.wires.media import media_of

# For a file given by its address only: the API wants to be told the type.
_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "gif": "image/gif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "html": "text/html",
    "mp3": "audio/mp3",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "m4a": "audio/m4a",
    "mp4": "video/mp4",
    "mov": "video/mov",
    "webm": "video/webm",
}


def to_parts(message: PromptMessage, place: str) -> list[Part]:
    """Return a message's content; empty text is left out, as it is refused."""
    if isinstance(message.content, str):
        return [{"text": message.content}] if message.content else []
    parts = (to_part(part, f"{place}.content[{index}]") for index, part in enumerate(message.content or []))
    return [part for part in parts if part.get("text") != ""]


def text_parts(message: PromptMessage, place: str) -> list[Part]:
    """Return a message that may hold text only; InvokeBadRequestError for any other part."""
    for index, part in enumerate(message.content if isinstance(message.content, list) else []):
        if not isinstance(part, TextPromptMessageContent):
            raise InvokeBadRequestError(
                f"{place}.content[{index}]: {_kind(part)} cannot stand in a message of role {message.role}"
            )
    return to_parts(message, place)


def to_part(part: PromptMessageContent, place: str) -> Part:
    """Return a part, with the state the caller put on it (`videoMetadata`, `mediaResolution`, …)."""
    if isinstance(part, TextPromptMessageContent):
        return with_state({"text": part.data}, part)
    if not isinstance(part, MultiModalPromptMessageContent):
        raise InvokeBadRequestError(f"{place}: this API takes no {_kind(part)}")
    media = media_of(part, place)
    mime_type = media.mime_type or _type_of_address(media.url)
    if not mime_type:
        raise InvokeBadRequestError(
            f"{place}.mime_type: nothing tells the type of the {_kind(part)}; give it"
        )
    if media.url:
        said: Part = {"fileData": {"mimeType": mime_type, "fileUri": media.url}}
    else:
        said = {"inlineData": {"mimeType": mime_type, "data": media.base64_data}}
    return with_state(said, part)


def _type_of_address(url: str) -> str:
    path = url.partition("?")[0].partition("#")[0]
    return _TYPES.get(path.rpartition(".")[2].lower(), "")


def _kind(part: PromptMessageContent) -> str:
    return str(getattr(part, "type", "part"))
