"""Files in messages: where their bytes are and of what type they are."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from modelbay.entities import MultiModalPromptMessageContent
from modelbay.errors import InvokeBadRequestError

# How the base64 of a file of each type begins.
_BEGINNINGS = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "JVBERi0": "application/pdf",
}


_RIFF = "UklGR"  # a container: what it holds is said behind its length
_RIFF_KINDS = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}


@dataclass(frozen=True, slots=True)
class Media:
    """A file: by its address, or by its bytes as base64. `mime_type` is "" if nothing tells it."""

    mime_type: str
    base64_data: str = field(repr=False)
    url: str

    @property
    def data_uri(self) -> str:
        """The address if there is one, else the bytes as a data URI."""
        return self.url or f"data:{self.mime_type};base64,{self.base64_data}"


def media_of(part: MultiModalPromptMessageContent, place: str) -> Media:
    """Return the file of a part; InvokeBadRequestError, naming `place`, if the part is empty.

    Bytes win over an address; a data URI given as the address counts as bytes.
    """
    data, mime_type, url = part.base64_data, part.mime_type, part.url
    if not data and url.startswith("data:"):
        head, _, data = url[5:].partition(",")
        mime_type, url = head.split(";")[0] or mime_type, ""
    if not data and not url:
        raise InvokeBadRequestError(f"{place}: the {kind_of(part)} has neither bytes nor an address")
    return Media(_mime_type(part, mime_type, data), data, "" if data else url)


def mime_type_of_base64(data: str) -> str:
    """Return the type of a file by the beginning of its base64, or ""."""
    if data.startswith(_RIFF):
        return _RIFF_KINDS.get(_bytes_of(data[:16])[8:], "")
    return next((kind for start, kind in _BEGINNINGS.items() if data.startswith(start)), "")


def _mime_type(part: MultiModalPromptMessageContent, declared: str, data: str) -> str:
    known = declared or mime_type_of_base64(data)
    if known or not part.format:
        return known
    group = "application" if part.format == "pdf" else kind_of(part)
    return f"{group}/{'jpeg' if part.format == 'jpg' else part.format}"


def kind_of(part: MultiModalPromptMessageContent) -> str:
    """Return what a part is: image, audio, video or document."""
    return str(getattr(part, "type", "file"))


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""
