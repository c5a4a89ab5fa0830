"""iFLYTEK Spark: conversations over a signed websocket or by HTTP, and vectors over signed HTTP.

Sources: iFLYTEK's pages on its websocket, HTTP and vector interfaces, and its Python SDK (read 2026-11-21).

Options (a model's `wire` section):

| option | of | meaning |
|---|---|---|
| `api` | llm | `websocket` (default) or `http`: credentials decide |
| `only_api` | llm | the one of them that a model has, whatever `api` says |
| `app_id` | all | the application that calls |
| `max_tokens` | llm | the limit sent when the call gives none: an answer that long counts as cut |
| `socket` | llm | the path of the websocket |
| `domain` | llm, text-embedding | what the upstream calls the model, or the kind of text |
| `base` | llm | the path below which the HTTP interface of the model lies |
| `system` | llm | false for a model without system messages: they go before the first user message |
| `thinking` | llm | true for a model whose thinking can be switched |

There are no stop sequences: whoever calls has to cut the answer. The HTTP interface speaks OpenAI's dialect,
with a password and without a signature, and may write a single tool call in place of the list.
"""

from __future__ import annotations

from modelbay.errors import DeclarationError
from modelbay.wires.family import ChatDialect, Family, Options
from modelbay.wires.spark.embeddings import Embeddings
from modelbay.wires.spark.http import HttpChat
from modelbay.wires.spark.socket import SocketChat

_APIS: dict[str, ChatDialect] = {"websocket": SocketChat(), "http": HttpChat()}


def chat(options: Options) -> ChatDialect:
    """Return the dialect of the interface that model and credentials choose."""
    name = str(options.get("only_api") or options.get("api", "websocket"))
    if name not in _APIS:
        raise DeclarationError(f"wire.api: {name!r} is not known; give one of {', '.join(_APIS)}")
    return _APIS[name]


FAMILY = Family("spark", chat=chat, embedding=Embeddings())
