"""Baidu Qianfan: the dialect of OpenAI, and for credentials saved for it the first version of its own API.

In the first version the model is part of the address, failures come with status 200, and tools are functions.
Sources: Baidu's SDK, qianfan 0.4.12.3 (read 2026-11-21).

Options (a model's `wire` section):

| option | meaning |
|---|---|
| `version` | 1 for the first version; credentials decide |
| `v1` | for the first version: the model's part of the address, where it is not its name |
| `v1_functions` | for the first version: false for a model that takes no functions |
| `merge_roles`, `skip_empty`, `rename`, `thinking`, `keep` | for the second version: as in `openai` |
| `encoding_format` | the same |
"""

from __future__ import annotations

from modelbay.wires.family import ChatDialect, Family, Options
from modelbay.wires.openai.chat import ChatCompletions
from modelbay.wires.openai.models import Models
from modelbay.wires.qianfan.chat import QianfanChat
from modelbay.wires.qianfan.others import Embeddings, Rerank

FIRST: ChatDialect = QianfanChat()
SECOND: ChatDialect = ChatCompletions()


def chat(options: Options) -> ChatDialect:
    """Return the dialect of the version that the credentials are for."""
    return FIRST if options.get("version") == 1 else SECOND


FAMILY = Family("qianfan", chat=chat, embedding=Embeddings(), rerank=Rerank(), models=Models())
