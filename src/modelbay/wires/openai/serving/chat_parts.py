"""Texts and files inside the messages of a client of chat completions."""

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
    VideoPromptMessageContent,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.media import mime_type_of_base64
from modelbay.wires.openai.parts import CHAT_STATE, to_part

Part = PromptMessageContentUnionTypes

_DETAILS = {detail.value: detail for detail in ImageDetail}
_MIME_TYPES = {"pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv"}
_PLAIN_TEXT = {"type", "text"}


def to_content(value: Any, place: str) -> str | list[Part]:
    """Return what a message says; nothing is the empty string."""
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, list):
        raise wrong(place, "must be a string or a list of parts")
    return [read_part(part, f"{place}[{number}]") for number, part in enumerate(value)]


def read_part(value: Any, place: str) -> Part:
    """Return a part. One that is not said in full by its fields is kept as it came, for its own dialect."""
    kind = value.get("type") if isinstance(value, dict) else None
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise wrong(f"{place}.type", f"give one of {', '.join(_READERS)}")
    carried = checked_state(value.get("opaque_body"), f"{place}.opaque_body")
    value = {name: field for name, field in value.items() if name != "opaque_body"}
    part = reader(value, place)
    kept = {} if _says_all(part, value, place) else {CHAT_STATE: value, **marked(value)}
    if carried or kept:
        part.opaque_body = joined_states(carried, kept)
    return part


def checked_state(state: Any, place: str) -> dict[str, Any]:
    """Return provider state that an answer of ours, or a caller, put on something; it is no field of ours."""
    if state is None:
        return {}
    if not isinstance(state, dict) or not all(isinstance(own, dict) for own in state.values()):
        raise wrong(place, "is not as it was given out; send it unchanged, or leave it out")
    return state


def joined_states(*states: dict[str, Any]) -> dict[str, Any]:
    """Return the state of several sources, by family."""
    joined: dict[str, Any] = {}
    for state in states:
        for family, own in state.items():
            joined[family] = {**joined.get(family, {}), **own}
    return joined


def marked(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cache breakpoint that clients of Claude put on messages, parts and tools, as its state."""
    mark = value.get("cache_control")
    return {"anthropic": {"cache_control": mark}} if isinstance(mark, dict) else {}


def required_text(value: Any, field: str, place: str) -> str:
    """Return a string that the object at `place` must have; the empty one too."""
    text = Fields(value, place).text(field)
    if text is None:
        raise wrong(f"{place}.{field}", "is required: give a string")
    return text


def _says_all(part: Part, value: Mapping[str, Any], place: str) -> bool:
    if value["type"] == "text":
        return value.keys() == _PLAIN_TEXT
    try:
        return to_part(part, place, {}) == value
    except InvokeBadRequestError:  # a kind of file that not every upstream takes
        return False


def _text(value: Mapping[str, Any], place: str) -> Part:
    return TextPromptMessageContent(data=required_text(value, "text", place))


def _refusal(value: Mapping[str, Any], place: str) -> Part:
    return TextPromptMessageContent(data=required_text(value, "refusal", place))


def _image(value: Mapping[str, Any], place: str) -> Part:
    place = f"{place}.image_url"
    found = value.get("image_url")
    fields = Fields({"url": found} if isinstance(found, str) else found, place)
    source, word = _source(fields.required_text("url"), f"{place}.url"), fields.text("detail") or "auto"
    return ImagePromptMessageContent(**source, detail=_DETAILS.get(word, ImageDetail.HIGH))


def _address_of(name: str, make: Callable[..., Part]) -> Callable[[Mapping[str, Any], str], Part]:
    def read(value: Mapping[str, Any], place: str) -> Part:
        place = f"{place}.{name}"
        return make(**_source(Fields(value.get(name), place).required_text("url"), f"{place}.url"))

    return read


def _audio(value: Mapping[str, Any], place: str) -> Part:
    place = f"{place}.input_audio"
    fields = Fields(value.get("input_audio"), place)
    data, kind = fields.required_text("data"), fields.text("format") or ""
    if data.startswith("data:"):
        return AudioPromptMessageContent(**_source(data, f"{place}.data"))
    mime_type = f"audio/{'mpeg' if kind == 'mp3' else kind}" if kind else ""
    return AudioPromptMessageContent(base64_data=data, format=kind, mime_type=mime_type)


def _file(value: Mapping[str, Any], place: str) -> Part:
    place = f"{place}.file"
    fields = Fields(value.get("file"), place)
    data, kept, filename = fields.text("file_data"), fields.text("file_id"), fields.text("filename") or ""
    if kept:
        return DocumentPromptMessageContent(filename=filename, file_id=kept)
    if not data:
        raise wrong(f"{place}.file_data", "is required: give the file's bytes as a data URI, or its file_id")
    source = _source(data, f"{place}.file_data") if data.startswith("data:") else {"base64_data": data}
    extension = filename.rpartition(".")[2].lower()
    source["mime_type"] = (
        source.get("mime_type") or mime_type_of_base64(data[:16]) or _MIME_TYPES.get(extension, "")
    )
    return DocumentPromptMessageContent(filename=filename, **source)


def _source(address: str, place: str) -> dict[str, str]:
    """Return where a file is: at an address, or in a data URI."""
    if not address.startswith("data:"):
        return {"url": address}
    head, _, data = address[5:].partition(",")
    if not head.endswith(";base64") or not data:
        raise wrong(place, "must be an address, or a data URI such as 'data:image/png;base64,…'")
    mime_type = head.partition(";")[0]
    return {"mime_type": mime_type, "format": mime_type.rpartition("/")[2], "base64_data": data}


_READERS: dict[str, Callable[[Mapping[str, Any], str], Part]] = {
    "text": _text,
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
    "refusal": _refusal,
    "video_url": _address_of("video_url", VideoPromptMessageContent),
    "audio_url": _address_of("audio_url", AudioPromptMessageContent),
}
