"""A chat model that is a script: deterministic, and told what to do by commands in the last user message.

=============================================  =======================================================
`/help`                                        list the commands
`/echo TEXT`                                   answer with exactly this text
`/reason TEXT`                                 think aloud about the text, then answer it
`/tool NAME {JSON}`                            call a given tool; without JSON, fill its parameters
`/json TEXT`                                   answer in JSON; `/json {SCHEMA} TEXT` for a JSON Schema
`/repeat N TEXT`                               answer with the text N times
`/long N`                                      answer with N words
`/slow SECONDS MESSAGE`                        answer the message, waiting before each chunk
`/fail KIND [after N] MESSAGE`                 answer, but fail after N chunks (0 if not said)
=============================================  =======================================================

KIND is connection, unavailable, rate-limit, authorization or bad-request. `/slow` and `/fail` go in front of
any message, also of another command; `/tool` may be repeated, line by line, for several calls at once.

Without a command: after the result of a tool it answers with that; it calls the tool whose name and
description share most words with the message, if any do; it fills a JSON schema, if one is given; else it
says what it read. `/echo` is literal even where a schema is given, to test what a wrong answer does.
"""

from modelbay.providers.sandbox.engines.chat.commands import HELP
from modelbay.providers.sandbox.engines.chat.events import (
    Event,
    Fail,
    FailKind,
    Pause,
    Reasoning,
    Text,
    ToolArguments,
    ToolCall,
)
from modelbay.providers.sandbox.engines.chat.schemas import SchemaError, check_schema
from modelbay.providers.sandbox.engines.chat.script import Directives, reply

__all__ = [
    "HELP",
    "Directives",
    "Event",
    "Fail",
    "FailKind",
    "Pause",
    "Reasoning",
    "SchemaError",
    "Text",
    "ToolArguments",
    "ToolCall",
    "check_schema",
    "reply",
]
