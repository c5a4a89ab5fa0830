"""What goes into a language model and comes out of it: messages, their parts, tools."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, field_validator, model_validator

from modelbay.entities.base import Entity


class PromptMessageRole(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"

    @classmethod
    def value_of(cls, value: str) -> PromptMessageRole:
        """Return the role of that name; ValueError if there is none."""
        return cls(value)


class PromptMessageContentType(StrEnum):
    """What a part of a message is."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"


class PromptMessageContent(Entity):
    """Base of the parts. `opaque_body` is provider state, any JSON: it goes back to the provider as it is."""

    opaque_body: Any = None


class TextPromptMessageContent(PromptMessageContent):
    """Text."""

    type: Literal[PromptMessageContentType.TEXT] = PromptMessageContentType.TEXT
    data: str


class MultiModalPromptMessageContent(PromptMessageContent):
    """A file, by `url` or by its bytes in `base64_data`.

    The specification's single `data` (an address, a data URI or bare base64) is accepted on input.
    """

    format: str = ""
    mime_type: str = ""
    base64_data: str = ""
    url: str = ""
    filename: str = ""

    @model_validator(mode="before")
    @classmethod
    def _read_data(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "data" in value:
            rest = {name: item for name, item in value.items() if name != "data"}
            if not rest.get("url") and not rest.get("base64_data"):
                rest |= _fields_of_data(str(value["data"]), rest)
            return rest
        return value

    @property
    def data(self) -> str:
        """The address if there is one, else the bytes as a data URI."""
        return self.url or f"data:{self.mime_type};base64,{self.base64_data}"

    def decoded(self) -> bytes:
        """Return the file's bytes; ValueError if they are not valid base64 or only an address is known."""
        if not self.base64_data:
            raise ValueError("the file is given by its address only")
        try:
            return base64.b64decode(self.base64_data, validate=True)
        except binascii.Error as error:
            raise ValueError(f"base64_data is not valid base64: {error}") from None


def _fields_of_data(data: str, known: Mapping[str, Any]) -> dict[str, str]:
    if not data.startswith("data:"):
        return {"url" if "://" in data[:12] else "base64_data": data}
    head, _, body = data[5:].partition(",")
    mime_type = head.split(";")[0] or str(known.get("mime_type") or "")
    kind = mime_type.rpartition("/")[2]
    return {"mime_type": mime_type, "format": str(known.get("format") or kind), "base64_data": body}


class ImagePromptMessageContent(MultiModalPromptMessageContent):
    """An image."""

    class DETAIL(StrEnum):
        """How closely the model should look. `AUTO` leaves it to the provider."""

        LOW = "low"
        HIGH = "high"
        AUTO = "auto"

    type: Literal[PromptMessageContentType.IMAGE] = PromptMessageContentType.IMAGE
    detail: DETAIL = DETAIL.LOW


ImageDetail = ImagePromptMessageContent.DETAIL


class AudioPromptMessageContent(MultiModalPromptMessageContent):
    """A sound recording."""

    type: Literal[PromptMessageContentType.AUDIO] = PromptMessageContentType.AUDIO


class VideoPromptMessageContent(MultiModalPromptMessageContent):
    """A video."""

    type: Literal[PromptMessageContentType.VIDEO] = PromptMessageContentType.VIDEO


class DocumentPromptMessageContent(MultiModalPromptMessageContent):
    """A document, such as a PDF."""

    type: Literal[PromptMessageContentType.DOCUMENT] = PromptMessageContentType.DOCUMENT


PromptMessageContentUnionTypes = Annotated[
    TextPromptMessageContent
    | ImagePromptMessageContent
    | DocumentPromptMessageContent
    | AudioPromptMessageContent
    | VideoPromptMessageContent,
    Discriminator("type"),
]
"""One part of a message, told apart by its `type`."""

MessageContent = str | list[PromptMessageContentUnionTypes]
"""What a message holds: text, or a list of parts."""


class PromptMessage(Entity):
    """One message of a conversation: text, or a list of parts."""

    role: PromptMessageRole
    content: MessageContent | None = None
    name: str | None = None

    def is_empty(self) -> bool:
        """Whether the message says nothing."""
        return not self.content

    def get_text_content(self) -> str:
        """Return the text of the message, its text parts joined; "" if it has none."""
        if isinstance(self.content, str):
            return self.content
        parts = self.content or []
        return "".join(part.data for part in parts if isinstance(part, TextPromptMessageContent))

    @property
    def text(self) -> str:
        """The text of the message."""
        return self.get_text_content()


class SystemPromptMessage(PromptMessage):
    """Instructions of the application."""

    role: PromptMessageRole = PromptMessageRole.SYSTEM


class DeveloperPromptMessage(PromptMessage):
    """Instructions of the developer, as newer OpenAI models name them."""

    role: PromptMessageRole = PromptMessageRole.DEVELOPER


class UserPromptMessage(PromptMessage):
    """What the user says."""

    role: PromptMessageRole = PromptMessageRole.USER


class AssistantPromptMessage(PromptMessage):
    """What the model says: content, reasoning and tool calls.

    `opaque_body` is provider state, any JSON (reasoning signatures, citations): send it back with the
    message on the next turn and the provider continues where it was.
    """

    class ToolCall(Entity):
        """A model's wish to call a tool.

        While streaming a call may come in pieces: `index` tells which call of the message a piece is of.
        """

        class ToolCallFunction(Entity):
            """The function called; `arguments` is JSON text (a fragment of it while streaming)."""

            name: str = ""
            arguments: str = ""

            @field_validator("name", "arguments", mode="before")
            @classmethod
            def _null_is_empty(cls, value: Any) -> Any:
                return "" if value is None else value

        id: str = ""
        type: str = "function"
        function: ToolCallFunction
        index: int | None = Field(default=None, exclude_if=lambda value: value is None)

        @field_validator("id", mode="before")
        @classmethod
        def _id_as_text(cls, value: Any) -> str:
            return "" if value is None else str(value)

        @field_validator("type", mode="before")
        @classmethod
        def _type_as_text(cls, value: Any) -> Any:
            return "" if value is None else value

    role: PromptMessageRole = PromptMessageRole.ASSISTANT
    tool_calls: list[ToolCall] = Field(default_factory=list)  # pydantic copies a default of [] slowly
    reasoning_content: str | None = None
    opaque_body: Any = None

    def is_empty(self) -> bool:
        """Whether the message holds neither content nor a tool call nor reasoning."""
        return not (self.content or self.tool_calls or self.reasoning_content)


ToolCall = AssistantPromptMessage.ToolCall
ToolCallFunction = AssistantPromptMessage.ToolCall.ToolCallFunction


class ToolPromptMessage(PromptMessage):
    """The result of a tool call; `tool_call_id` names the call."""

    role: PromptMessageRole = PromptMessageRole.TOOL
    tool_call_id: str

    def is_empty(self) -> bool:
        """Whether the message holds neither content nor the id of a call."""
        return not (self.content or self.tool_call_id)


class PromptMessageTool(Entity):
    """A tool that the model may call; `parameters` is a JSON Schema of an object."""

    name: str
    description: str = ""
    parameters: dict[str, Any]


class PromptMessageFunction(Entity):
    """A tool in OpenAI's envelope."""

    type: str = "function"
    function: PromptMessageTool


_MESSAGE_OF_ROLE: dict[str, type[PromptMessage]] = {
    "user": UserPromptMessage,
    "assistant": AssistantPromptMessage,
    "system": SystemPromptMessage,
    "developer": DeveloperPromptMessage,
    "tool": ToolPromptMessage,
}


def ensure_prompt_message(value: PromptMessage | Mapping[str, Any] | str) -> PromptMessage:
    """Return `value` as a message of the class of its role; a string is a user's message.

    Raises:
        pydantic.ValidationError: The mapping has no known role or lacks a field of that role.
    """
    if isinstance(value, PromptMessage):
        return value
    if isinstance(value, str):
        return UserPromptMessage(content=value)
    return _MESSAGE_OF_ROLE.get(str(value.get("role")), PromptMessage).model_validate(value)
