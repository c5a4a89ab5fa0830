"""Ollama's own API: lines of JSON, models asked from the server.

Wire format: https://github.com/ollama/ollama/blob/main/docs/api.md (2026-11-21).

Options (a model's `wire` section):

| option | of | meaning | default |
|---|---|---|---|
| `api` | llm | `chat` for `/api/chat`, `generate` for `/api/generate` (completion mode) | `chat` |
| `num_ctx` | llm, text-embedding | the context window to serve, in tokens | the server's, which is short |
| `think_tags` | llm | true for a model that writes its reasoning into the text, between think tags | false |
| `keep_alive` | llm, text-embedding | how long the model stays loaded (`5m`, 0, -1) | the server's |
| `dimensions` | text-embedding | the length of the vectors | the model's |
| `truncate` | text-embedding | true to let the server cut a text that is too long | false |

Parameters that stand in the request itself: `format`, `keep_alive`, `logprobs`, `top_logprobs`, and for
`generate` `suffix`, `template`, `raw`, `context`. `thinking` (or `think`), `reasoning_effort` (or
`think_level`) become `think`; `max_tokens` becomes `num_predict`, `context_size` becomes `num_ctx`. Every
other parameter is a runtime option under its own name. The API has no user, no `tool_choice` but "auto" and
"none", and no way to forbid parallel calls.
"""

from __future__ import annotations

from modelbay.wires.family import ChatDialect, Family, Options
from modelbay.wires.ollama import chat as _chat
from modelbay.wires.ollama.embeddings import EmbedDialect
from modelbay.wires.ollama.models import ModelsDialect
from modelbay.wires.ollama.rerank import RerankDialect

CHAT = _chat.ChatDialect()
GENERATE = _chat.GenerateDialect()
MODELS = ModelsDialect()


def chat(options: Options) -> ChatDialect:
    """Return the dialect that the option `api` names."""
    return GENERATE if options.get("api") == "generate" else CHAT


FAMILY = Family("ollama", chat=chat, embedding=EmbedDialect(), rerank=RerankDialect(), models=MODELS)
