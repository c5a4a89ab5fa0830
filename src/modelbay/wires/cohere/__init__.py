"""Cohere's API, second version: chat, vectors, relevance.

Wire format: https://docs.cohere.com/v2/reference (2026-11-21).

Options (a model's `wire` section):

| option | of | meaning | default |
|---|---|---|---|
| `embedding_type` | text-embedding | how vectors are sent: `float`, or `base64`, which is shorter | `float` |
| `dimensions` | text-embedding | the length of the vectors, for models that let one choose | the model's |
| `truncate` | text-embedding | `START` or `END` to let the API cut an input that is too long | `NONE` |
| `image_form` | text-embedding | how images are sent: `inputs`, or `images` for models before v4 | `inputs` |
| `max_tokens_per_doc` | rerank | how much of a document is read | the API's |

Parameters `documents` and `citation_options` may be JSON text. `thinking` and `thinking_budget` become
`thinking`; effort has no levels here, so only "none" is taken. A tool that must be called by name is offered
alone and required. The API knows no user.

Beside tool calls the model's text is its `tool_plan`: it is the text of our message, both ways. State:
`opaque_body` {"cohere": {…}} on an answer holds `content`, `tool_plan` and `citations` where there was
thinking or a citation; they go back with the message unless the application changed its text. Thinking does
not go back beside tool calls, where the API takes no content.
"""

from __future__ import annotations

from modelbay.wires.cohere import chat as _chat
from modelbay.wires.cohere.embeddings import EmbedDialect
from modelbay.wires.cohere.models import ModelsDialect
from modelbay.wires.cohere.rerank import RerankDialect
from modelbay.wires.family import ChatDialect, Family, Options

CHAT = _chat.ChatDialect()


def chat(options: Options) -> ChatDialect:
    """Return the one dialect of conversations."""
    return CHAT


FAMILY = Family("cohere", chat=chat, embedding=EmbedDialect(), rerank=RerankDialect(), models=ModelsDialect())
