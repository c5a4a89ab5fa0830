"""Texts and files inside the items of a responses request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from modelbay.entities import (
    AudioPromptMessageContent,
    DocumentPromptMessageContent,
    ImageDetail,
    ImagePromptMessageContent,
    PromptMessageContentUnionTypes,
    TextPromptMessageContent,
)
from modelbay.wires.asked import wrong
from modelbay.wires.media import mime_type_of_base64
from modelbay.wires.openai.serving.responses_checks import checked, rest_of, text_if_any, text_in

_TEXTS = {"input_text": "text", "output_text": "text", "text": "text", "refusal": "refusal"}
_DETAILS = {detail.value: detail for detail in ImageDetail}
_MIME_TYPES = {"pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv"}


def content_of(value: Any, place: str) -> str | list[PromptMessageContentUnionTypes]:
    """Return what a message of the client, or the result of a tool, says."""
    if value is None or isinstance(value, str):
        return value or ""
    parts = checked(value, "a list", place)
    return [_part(part, f"{place}[{number}]") for number, part in enumerate(parts)]


def said_in(value: Any, place: str) -> str:
    """Return the words of an earlier answer; a refusal is an answer too."""
    if value is None or isinstance(value, str):
        return value or ""
    return "".join(
        _words(checked(part, "an object", f"{place}[{number}]"), f"{place}[{number}]")
        for number, part in enumerate(checked(value, "a list", place))
    )


def _words(part: Mapping[str, Any], place: str) -> str:
    kind = part.get("type")
    if not isinstance(kind, str) or kind not in _TEXTS:
        raise wrong(f"{place}.type", "an earlier answer has parts of type 'output_text' or 'refusal'")
    return text_in(part, _TEXTS[kind], place)


def _part(value: Any, place: str) -> PromptMessageContentUnionTypes:
    part = checked(value, "an object", place)
    kind = part.get("type")
    if kind in ("output_text", "refusal"):
        return TextPromptMessageContent(data=_words(part, place))
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise wrong(f"{place}.type", f"{str(kind)[:40]!r} is not one of {', '.join(_READERS)}")
    return reader(part, place)


def _state(part: Mapping[str, Any], *known: str) -> dict[str, Any]:
    """Return what goes back unchanged to an upstream of this family."""
    rest = rest_of(part, "type", *known)
    return {"opaque_body": {"openai": rest}} if rest else {}


def _text(part: Mapping[str, Any], place: str) -> PromptMessageContentUnionTypes:
    return TextPromptMessageContent(data=text_in(part, "text", place), **_state(part, "text"))


def _image(part: Mapping[str, Any], place: str) -> PromptMessageContentUnionTypes:
    source = _source(part, "image_url", place)
    word = text_if_any(part, "detail", place) or "auto"
    if word not in _DETAILS:  # "original" and what may come: the upstream of this dialect is told it as it is
        source["asked_detail"] = word
    detail = _DETAILS.get(word, ImageDetail.HIGH)
    return ImagePromptMessageContent(
        detail=detail, **source, **_state(part, "image_url", "file_id", "detail")
    )


def _file(part: Mapping[str, Any], place: str) -> PromptMessageContentUnionTypes:
    filename = text_if_any(part, "filename", place)
    data = text_if_any(part, "file_data", place)
    known = ("file_id", "file_url", "file_data", "filename")
    if not data:
        source = _source(part, "file_url", place)
        return DocumentPromptMessageContent(filename=filename, **source, **_state(part, *known))
    source = _bytes_of(data)
    extension = filename.rpartition(".")[2].lower()
    source["mime_type"] = source["mime_type"] or mime_type_of_base64(data) or _MIME_TYPES.get(extension, "")
    return DocumentPromptMessageContent(filename=filename, **source, **_state(part, *known))


def _audio(part: Mapping[str, Any], place: str) -> PromptMessageContentUnionTypes:
    audio = checked(part.get("input_audio"), "an object", f"{place}.input_audio")
    kind = text_in(audio, "format", f"{place}.input_audio")
    data = text_in(audio, "data", f"{place}.input_audio")
    mime_type = f"audio/{'mpeg' if kind == 'mp3' else kind}"
    return AudioPromptMessageContent(base64_data=data, format=kind, mime_type=mime_type)


def _source(part: Mapping[str, Any], field: str, place: str) -> dict[str, str]:
    """Return where a file is: at an address, in a data URI, or kept by the provider."""
    file_id = text_if_any(part, "file_id", place)
    address = text_if_any(part, field, place)
    if not file_id and not address:
        raise wrong(
            f"{place}.{field}", "is required: give the address or the bytes of the file, or its file_id"
        )
    if file_id:
        return {"file_id": file_id}
    return _bytes_of(address) if address.startswith("data:") else {"url": address}


def _bytes_of(data: str) -> dict[str, str]:
    if not data.startswith("data:"):
        return {"base64_data": data, "mime_type": ""}
    head, _, body = data[5:].partition(",")
    return {"base64_data": body, "mime_type": head.partition(";")[0]}


_READERS: dict[str, Callable[[Mapping[str, Any], str], PromptMessageContentUnionTypes]] = {
    "input_text": _text,
    "input_image": _image,
    "input_file": _file,
    "input_audio": _audio,
    "text": _text,
}
