"""Texts and files inside the messages of a chat completions request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from modelbay.entities import (
    ImageDetail,
    MessageContent,
    MultiModalPromptMessageContent,
    PromptMessageContentType,
    PromptMessageContentUnionTypes,
    TextPromptMessageContent,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.carried import beside, state_under
from modelbay.wires.family import Options
from modelbay.wires.media import Media, media_of

# The shape in which each kind of file is sent, unless the option `parts` names another.
_SHAPES = {"image": "image_url", "audio": "input_audio", "document": "file"}
_BYTES_ONLY = frozenset({"input_audio", "input_audio_text", "file"})
# As which a client of this dialect may have sent each kind.
_KINDS: Mapping[PromptMessageContentType, tuple[str, ...]] = {
    PromptMessageContentType.TEXT: ("text", "refusal"),
    PromptMessageContentType.IMAGE: ("image_url",),
    PromptMessageContentType.AUDIO: ("input_audio", "audio_url"),
    PromptMessageContentType.VIDEO: ("video_url",),
    PromptMessageContentType.DOCUMENT: ("file",),
}
_AUDIO_FORMATS = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav", "vnd.wave": "wav"}
_EXTENSIONS = {"plain": "txt", "markdown": "md", "mpeg": "mp3"}

CHAT_STATE = "openai.chat"
"""Under this name `opaque_body` holds what a client of this dialect sent and our fields do not say."""

Shaper = Callable[[MultiModalPromptMessageContent, Media, str], dict[str, Any]]


def bytes_only(options: Options) -> frozenset[str]:
    """Return the kinds of files whose shape holds bytes and no address."""
    kinds = [kind for kind in _KINDS if kind is not PromptMessageContentType.TEXT]
    return frozenset(kind.value for kind in kinds if _shape_of(kind, options) in _BYTES_ONLY)


def to_content(content: MessageContent | None, place: str, options: Options) -> str | list[dict[str, Any]]:
    """Return what a message says as a request carries it; `place` is named if a part cannot be sent.

    The option `content` makes all content a string (`text`) or a list of parts (`parts`).
    """
    wish = options.get("content")
    if content is None or isinstance(content, str):
        text = content or ""
        return [{"type": "text", "text": text}] if wish == "parts" else text
    parts = [to_part(part, f"{place}.content[{number}]", options) for number, part in enumerate(content)]
    if wish == "text" and all(part["type"] == "text" for part in parts):
        return "".join(part["text"] for part in parts)
    return parts


def to_part(part: PromptMessageContentUnionTypes, place: str, options: Options) -> dict[str, Any]:
    """Return one part, with the provider state that it carries for this family; as it came, if kept."""
    kept = state_under(CHAT_STATE, part.opaque_body)
    if kept and _says_same(kept, part):
        return dict(kept)
    state = own_state(part.opaque_body)
    if isinstance(part, TextPromptMessageContent):
        return beside({"type": "text", "text": part.data}, state)
    shape = _shape_of(part.type, options)
    if shape not in _SHAPERS:
        raise InvokeBadRequestError(f"{place}: this model does not take {part.type.value} input")
    file_id = part.unknown_fields.get("file_id")
    if shape == "file" and file_id:
        return beside({"type": "file", "file": {"file_id": file_id}}, state)
    return beside(_SHAPERS[shape](part, media_of(part, place), place), state)


def own_state(opaque_body: Any) -> dict[str, Any]:
    """Return the provider state that is this family's; {} if there is none."""
    return state_under("openai", opaque_body)


def _says_same(kept: Mapping[str, Any], part: PromptMessageContentUnionTypes) -> bool:
    """Whether a part that was kept as it came is still of this kind, and has this text."""
    kind = kept.get("type")
    if kind not in _KINDS[part.type]:
        return False
    return kept.get(kind) == part.data if isinstance(part, TextPromptMessageContent) else kind in kept


def file_name(part: MultiModalPromptMessageContent, media: Media) -> str:
    """Return the name of a file; servers recognise its type by the extension."""
    kind = media.mime_type.rpartition("/")[2]
    return part.filename or f"{part_kind(part)}.{part.format or _EXTENSIONS.get(kind, kind) or 'bin'}"


def part_kind(part: MultiModalPromptMessageContent) -> str:
    """Return what the file is: "image", "audio", "video" or "document"."""
    return str(getattr(part, "type", "file"))


def data_uri(media: Media, place: str) -> str:
    """Return the file as a data URI; an address alone is refused."""
    if not media.base64_data:
        raise InvokeBadRequestError(f"{place}: this model takes the file's bytes, not its address")
    return media.data_uri


def _shape_of(kind: PromptMessageContentType, options: Options) -> str | None:
    chosen = options.get("parts", {}).get(kind.value)
    if chosen is None and options.get("media_as_image_url") and kind.value in ("audio", "video"):
        return "image_url"
    return chosen or _SHAPES.get(kind.value)


def _url_shape(field: str) -> Shaper:
    def shape(part: MultiModalPromptMessageContent, media: Media, _: str) -> dict[str, Any]:
        address: dict[str, Any] = {"url": media.data_uri}
        detail = getattr(part, "detail", ImageDetail.AUTO)
        if detail != ImageDetail.AUTO:
            address["detail"] = str(detail)
        return {"type": field, field: address}

    return shape


def _bare_url_shape(field: str) -> Shaper:
    def shape(_: MultiModalPromptMessageContent, media: Media, __: str) -> dict[str, Any]:
        return {"type": field, field: {"url": media.url or media.base64_data}}

    return shape


def _text_url_shape(field: str) -> Shaper:
    def shape(_: MultiModalPromptMessageContent, media: Media, __: str) -> dict[str, Any]:
        return {"type": field, field: media.data_uri}

    return shape


def _input_audio(part: MultiModalPromptMessageContent, media: Media, place: str) -> dict[str, Any]:
    data_uri(media, place)
    kind = media.mime_type.rpartition("/")[2]
    audio_format = _AUDIO_FORMATS.get(kind, kind) or part.format
    if not audio_format:
        raise InvokeBadRequestError(f"{place}: the audio needs a format, such as 'wav' or 'mp3'")
    return {"type": "input_audio", "input_audio": {"data": media.base64_data, "format": audio_format}}


def _input_audio_uri(part: MultiModalPromptMessageContent, media: Media, _: str) -> dict[str, Any]:
    kind = media.mime_type.rpartition("/")[2]
    audio_format = _AUDIO_FORMATS.get(kind, kind) or part.format
    described = {"format": audio_format} if audio_format else {}
    return {"type": "input_audio", "input_audio": {"data": media.data_uri, **described}}


def _input_audio_text(_: MultiModalPromptMessageContent, media: Media, place: str) -> dict[str, Any]:
    data_uri(media, place)
    return {"type": "input_audio", "input_audio": media.base64_data}


def _file(part: MultiModalPromptMessageContent, media: Media, place: str) -> dict[str, Any]:
    return {
        "type": "file",
        "file": {"filename": file_name(part, media), "file_data": data_uri(media, place)},
    }


_SHAPERS: dict[str | None, Shaper] = {
    "image_url": _url_shape("image_url"),
    "image_url_bare": _bare_url_shape("image_url"),
    "image_url_text": _text_url_shape("image_url"),
    "audio_url": _url_shape("audio_url"),
    "video_url": _url_shape("video_url"),
    "video_url_bare": _bare_url_shape("video_url"),
    "document_url": _text_url_shape("document_url"),
    "input_audio": _input_audio,
    "input_audio_text": _input_audio_text,
    "input_audio_uri": _input_audio_uri,
    "file": _file,
}
