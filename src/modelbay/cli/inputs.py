"""What was typed or piped in, turned into what the library takes."""

from __future__ import annotations

import json
import mimetypes
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelbay.cli.errors import Mistake

if TYPE_CHECKING:
    from modelbay.entities import PromptMessageContentUnionTypes, UserPromptMessage

_SIGNATURES = {
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"%PDF-": "application/pdf",
}


def read_text(argument: str | None, what: str) -> str:
    """Return a text given as an argument, else stdin's (also for `-`).

    Raises:
        Mistake: There is none, or stdin is not UTF-8.
    """
    if argument is not None and argument != "-":
        return argument
    if argument is None and sys.stdin.isatty():
        raise Mistake(f"no {what}: give it as an argument or through stdin")
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Mistake(f"the {what} on stdin is not UTF-8 (byte {error.start})") from None
    if not text.strip():
        raise Mistake(f"the {what} on stdin is empty")
    return text


def read_lines(arguments: Sequence[str] | None, what: str) -> list[str]:
    """Return the texts given as arguments, else the lines of stdin that are not blank."""
    if arguments and list(arguments) != ["-"]:
        return list(arguments)
    return [line for line in read_text("-" if arguments else None, what).splitlines() if line.strip()]


def read_bytes(source: str, what: str) -> bytes:
    """Return the content of a file, or of stdin for `-`."""
    if source == "-":
        return sys.stdin.buffer.read()
    return _content(Path(source), what)


def _content(path: Path, what: str) -> bytes:
    try:
        return path.expanduser().read_bytes()
    except OSError as error:
        raise Mistake(f"{what}: cannot read {str(path)!r}: {error.strerror}") from None


def read_json(path: Path, what: str) -> Any:
    """Return the JSON in a file."""
    try:
        return json.loads(_content(path, what))
    except ValueError as error:
        raise Mistake(f"{what}: {str(path)!r} is not valid JSON: {error}") from None


def parse_parameters(given: Iterable[str] | None) -> dict[str, Any]:
    """Return `name=value` texts as parameters; a value that is not JSON is a text.

    Raises:
        Mistake: One has no name or no `=`.
    """
    parameters: dict[str, Any] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise Mistake(f"parameter {text!r}: write it as name=value, such as temperature=0.2")
        parameters[name] = _value(value)
    return parameters


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda _: text)
    except ValueError:
        return text


def user_message(text: str, files: Iterable[Path] | None, images: Iterable[str] | None) -> UserPromptMessage:
    """Return the user's message with what is attached to it in front."""
    from modelbay.entities import TextPromptMessageContent, UserPromptMessage

    parts = [*(image_part(image) for image in images or ()), *(file_part(path) for path in files or ())]
    if not parts:
        return UserPromptMessage(content=text)
    return UserPromptMessage(content=[*parts, TextPromptMessageContent(data=text)])


def image_part(source: str) -> PromptMessageContentUnionTypes:
    """Return an image, by its address or by its content.

    Raises:
        Mistake: The file cannot be read or is not an image.
    """
    from modelbay.entities import ImagePromptMessageContent

    if source.startswith(("http://", "https://")):
        return ImagePromptMessageContent(url=source)
    path = Path(source)
    data = _content(path, "image")
    mime = _mime_type(path, data)
    if not mime.startswith("image/"):
        raise Mistake(f"image: {source!r} is not an image ({mime}); attach it as a file")
    return _media(path, data, mime)


def file_part(path: Path) -> PromptMessageContentUnionTypes:
    """Return a file as what it is: text goes along as text, anything else by its content."""
    from modelbay.entities import TextPromptMessageContent

    data = _content(path, "file")
    mime = _mime_type(path, data)
    if mime.startswith(("image/", "audio/", "video/")) or mime == "application/pdf":
        return _media(path, data, mime)
    try:
        return TextPromptMessageContent(data=f"{path.name}:\n\n{data.decode('utf-8')}\n\n")
    except UnicodeDecodeError:
        return _media(path, data, mime)


def _mime_type(path: Path, data: bytes) -> str:
    """Return the type that the content shows, else the one that the name promises."""
    found = next((mime for start, mime in _SIGNATURES.items() if data.startswith(start)), None)
    if data[:4] == b"RIFF" and data[8:12] in (b"WEBP", b"WAVE"):
        found = "image/webp" if data[8:12] == b"WEBP" else "audio/wav"
    return found or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _media(path: Path, data: bytes, mime: str) -> PromptMessageContentUnionTypes:
    from base64 import b64encode

    from modelbay import entities

    kinds: dict[str, Any] = {
        "image": entities.ImagePromptMessageContent,
        "audio": entities.AudioPromptMessageContent,
        "video": entities.VideoPromptMessageContent,
    }
    kind = kinds.get(mime.partition("/")[0], entities.DocumentPromptMessageContent)
    part: PromptMessageContentUnionTypes = kind(
        base64_data=b64encode(data).decode("ascii"),
        mime_type=mime,
        format=(path.suffix.lstrip(".") or mime.rpartition("/")[2]).lower(),
        filename=path.name,
    )
    return part
