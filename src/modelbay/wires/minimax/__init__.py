"""MiniMax's own vectors and speech, and its reading of Anthropic's messages API.

Sources: MiniMax's documentation of Jan 2026 and its MCP server of May 2026 (read 2026-11-21).

Options (a model's `wire` section):

| option | of | meaning |
|---|---|---|
| `model` | llm | the upstream's name for the model, where ours differs: it minds capital letters |
| `thinking`, `max_tokens`, `thinking_display` | llm | as in the family `anthropic` |
| `query` | text-embedding, tts | parameters of the URL: older accounts need `GroupId` |
| `speed`, `vol`, `pitch` | tts | how the voice speaks, where the call does not say |
| `sample_rate`, `bitrate`, `channel`, `format` | tts | what the audio is like |
| `pronunciation_dict`, `language_boost` | tts | how words are read |

Stop sequences are ignored by this upstream, so whoever calls has to cut the answer. A film is a block of its
own.
Vectors and speech tell of failures in `base_resp`, mostly with status 200.
"""

from __future__ import annotations

from modelbay.wires.family import ChatDialect, Family, Options
from modelbay.wires.minimax.chat import MiniMaxMessages
from modelbay.wires.minimax.embeddings import Embeddings
from modelbay.wires.minimax.speech import Speech

MESSAGES = MiniMaxMessages()


def chat(options: Options) -> ChatDialect:
    """Return the one dialect of conversations."""
    return MESSAGES


FAMILY = Family("minimax", chat=chat, embedding=Embeddings(), speech=Speech())
