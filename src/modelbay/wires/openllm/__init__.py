"""OpenLLM up to 0.5: one text continued, and vectors. Later servers speak OpenAI's dialect.

Wire format: OpenLLM 0.5 as its client `openllm-client` 0.5.7 speaks it (2024, read 2026-11-21).

A server has one model, so that no request names it. A conversation becomes the texts of its messages, a line
each. `max_tokens` becomes `max_new_tokens`, other parameters go under their own names; tools, files, forms of
answers and the user have no place. The tokens are counted by the ids that come with the text. There are no
options: the model's `wire` section says nothing.
"""

from __future__ import annotations

from modelbay.wires.family import ChatDialect, Family, Options
from modelbay.wires.openllm.embeddings import Embeddings
from modelbay.wires.openllm.generate import Generate

GENERATE = Generate()


def chat(_: Options) -> ChatDialect:
    """Return the one dialect."""
    return GENERATE


FAMILY = Family("openllm", chat=chat, embedding=Embeddings())
