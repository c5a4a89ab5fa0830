"""Any AI model of any provider through one interface.

`from modelbay import Modelbay` is the library; `modelbay --help` the command line; `modelbay.sdk` the kit
for those who add a provider. Importing this package loads nothing else: every name comes at its first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelbay.entities import (
        AssistantPromptMessage,
        AudioPromptMessageContent,
        DocumentPromptMessageContent,
        ImagePromptMessageContent,
        ModelType,
        PromptMessageTool,
        SystemPromptMessage,
        TextPromptMessageContent,
        ToolPromptMessage,
        UserPromptMessage,
        VideoPromptMessageContent,
    )
    from modelbay.errors import (
        CredentialsValidateFailedError,
        DeclarationError,
        InvokeAuthorizationError,
        InvokeBadRequestError,
        InvokeConnectionError,
        InvokeError,
        InvokeRateLimitError,
        InvokeServerUnavailableError,
        ModelbayError,
    )
    from modelbay.library import AsyncModelbay, Modelbay
    from modelbay.wires.request import Timeouts
    from modelbay.wires.settings import TransportSettings

__version__ = "0.1.0"
"""The version of the installed package."""

_HOME = {
    "AssistantPromptMessage": "entities",
    "AsyncModelbay": "library",
    "AudioPromptMessageContent": "entities",
    "CredentialsValidateFailedError": "errors",
    "DeclarationError": "errors",
    "DocumentPromptMessageContent": "entities",
    "ImagePromptMessageContent": "entities",
    "InvokeAuthorizationError": "errors",
    "InvokeBadRequestError": "errors",
    "InvokeConnectionError": "errors",
    "InvokeError": "errors",
    "InvokeRateLimitError": "errors",
    "InvokeServerUnavailableError": "errors",
    "ModelType": "entities",
    "Modelbay": "library",
    "ModelbayError": "errors",
    "PromptMessageTool": "entities",
    "SystemPromptMessage": "entities",
    "TextPromptMessageContent": "entities",
    "Timeouts": "wires.request",
    "ToolPromptMessage": "entities",
    "TransportSettings": "wires.settings",
    "UserPromptMessage": "entities",
    "VideoPromptMessageContent": "entities",
}

__all__ = [
    "AssistantPromptMessage",
    "AsyncModelbay",
    "AudioPromptMessageContent",
    "CredentialsValidateFailedError",
    "DeclarationError",
    "DocumentPromptMessageContent",
    "ImagePromptMessageContent",
    "InvokeAuthorizationError",
    "InvokeBadRequestError",
    "InvokeConnectionError",
    "InvokeError",
    "InvokeRateLimitError",
    "InvokeServerUnavailableError",
    "ModelType",
    "Modelbay",
    "ModelbayError",
    "PromptMessageTool",
    "SystemPromptMessage",
    "TextPromptMessageContent",
    "Timeouts",
    "ToolPromptMessage",
    "TransportSettings",
    "UserPromptMessage",
    "VideoPromptMessageContent",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'modelbay' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"modelbay.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
