"""Files by address, for upstreams that take bytes only: fetched by us, checked, and sent as bytes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from tests.wires.raw_upstream import Received, answer_of, raw_upstream

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    DocumentPromptMessageContent,
    ImagePromptMessageContent,
    MultiModalContent,
    MultiModalContentType,
    PromptMessage,
    TextPromptMessageContent,
    UserPromptMessage,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.sdk.wired.content import inputs_with_bytes, kinds_as_bytes, with_bytes
from modelbay.wires.family import family
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FILES: Mapping[str, tuple[bytes, str]] = {
    "/a.png": (PNG, "image/png"),
    "/untold": (PNG, "application/octet-stream"),
    "/liar": (PNG, "image/jpeg"),
    "/page": (b"<html>Sign in</html>", "text/html"),
    "/sound": (b"RIFF....WAVE", "audio/wav"),
    "/paper": (b"%PDF-1.7", "application/pdf"),
    "/notes": (b"Notes.", "text/plain; charset=utf-8"),
    "/empty": (b"", "image/png"),
}
HERE = TransportSettings(trust_env=False, retries=0, file_hosts=frozenset({"127.0.0.1"}))


async def files(received: Received) -> None:
    data, kind = FILES[received.line.split(" ")[1]]
    await received.say(answer_of(200, data, content_type=kind))


def image(url: str) -> ImagePromptMessageContent:
    return ImagePromptMessageContent(url=url, format="", mime_type="")


def asking(*parts: Any) -> UserPromptMessage:
    return UserPromptMessage(content=[TextPromptMessageContent(data="What is this?"), *parts])


async def fetched(part: Any, kinds: frozenset[str] = frozenset({"image", "audio", "document"})) -> Any:
    """Return the part as it goes on; `part` is made of the server's address."""
    async with raw_upstream(files) as upstream, Transport(HERE) as transport:
        (message,) = await with_bytes([asking(part(upstream.url))], kinds, transport)
        return message.content[1]  # type: ignore[index]


@pytest.mark.parametrize("path", ["/a.png", "/untold", "/liar"])
async def test_an_image_is_sent_as_its_bytes_with_its_true_type(path: str) -> None:
    """Servers that do not know, or do not tell the truth, are many; the file's beginning is sure."""
    part = await fetched(lambda url: image(f"{url}{path}"))

    assert base64.b64decode(part.base64_data) == PNG
    assert (part.mime_type, part.url) == ("image/png", "")


async def test_sound_and_documents_are_fetched_too() -> None:
    """Each by the type that its server tells."""
    sound = await fetched(
        lambda url: AudioPromptMessageContent(url=f"{url}/sound", format="wav", mime_type="")
    )
    paper = await fetched(
        lambda url: DocumentPromptMessageContent(url=f"{url}/paper", format="pdf", mime_type="")
    )
    notes = await fetched(
        lambda url: DocumentPromptMessageContent(url=f"{url}/notes", format="txt", mime_type="")
    )

    assert (sound.mime_type, paper.mime_type, notes.mime_type) == (
        "audio/wav",
        "application/pdf",
        "text/plain",
    )


@pytest.mark.parametrize("path", ["/page", "/sound", "/empty"])
async def test_what_is_no_image_is_refused_by_place(path: str) -> None:
    """A sign-in page in place of an image is the commonest mistake."""
    with pytest.raises(InvokeBadRequestError, match=r"messages\[0\]\.content\[1\]: .*not image"):
        await fetched(lambda url: image(f"{url}{path}"))


async def test_a_private_address_is_refused_by_place() -> None:
    """Who may send images must not be able to look around here."""
    async with raw_upstream(files) as upstream, Transport(TransportSettings(trust_env=False)) as transport:
        with pytest.raises(InvokeBadRequestError, match=r"messages\[0\]\.content\[1\]: .*public"):
            await with_bytes([asking(image(f"{upstream.url}/a.png"))], {"image"}, transport)

    assert upstream.connections == 0


async def test_what_the_upstream_fetches_itself_and_what_is_there_stays() -> None:
    """One request less, and a data URI is bytes already."""
    there = ImagePromptMessageContent(base64_data="iVBORw0KGgo=", format="png", mime_type="image/png")
    inline = image("data:image/png;base64,iVBORw0KGgo=")
    messages: list[PromptMessage] = [
        asking(
            there, inline, AudioPromptMessageContent(url="http://x.example/a.wav", format="", mime_type="")
        ),
        AssistantPromptMessage(content="Hm."),
    ]
    async with Transport(HERE) as transport:
        assert await with_bytes(messages, {"image"}, transport) == messages


async def test_the_callers_messages_stay_as_they_were() -> None:
    """They are sent again with the next turn, by address."""
    async with raw_upstream(files) as upstream, Transport(HERE) as transport:
        message = asking(image(f"{upstream.url}/a.png"))
        await with_bytes([message], {"image"}, transport)

        assert message.content[1].url == f"{upstream.url}/a.png"  # type: ignore[index,union-attr]


async def test_images_to_be_embedded_are_fetched_too() -> None:
    """By address they come as what they are: the model is shown their bytes."""
    async with raw_upstream(files) as upstream, Transport(HERE) as transport:
        picture = MultiModalContent(content=f"{upstream.url}/a.png", content_type=MultiModalContentType.IMAGE)
        found = await inputs_with_bytes(["a text", picture], {"image"}, transport)

    assert found[0] == "a text"
    assert isinstance(found[1], MultiModalContent)
    assert found[1].content == "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    ("wire", "options", "kinds"),
    [
        ("openai", {}, {"audio", "document"}),
        ("openai", {"parts": {"audio": "audio_url"}}, {"document"}),
        ("ollama", {}, {"image"}),
        ("bedrock", {}, {"image", "audio", "video", "document"}),
        ("anthropic", {}, set()),
        ("anthropic", {"inline": ["document"]}, {"document"}),
    ],
)
def test_what_has_no_place_for_an_address_is_fetched(wire: str, options: Any, kinds: set[str]) -> None:
    """A dialect knows what it can say, a declaration what its server does not fetch."""
    chat = family(wire).chat
    assert chat is not None
    assert kinds_as_bytes(chat(options), options) == kinds
