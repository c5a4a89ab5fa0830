"""The native API of text-generation-inference: one text to continue.

Wire format: TGI's OpenAPI document of 3.3.6-dev0 (2026-01-08, read 2026-11-21). Its chat completions are
OpenAI's dialect; this one is for models without a chat template.

A conversation becomes one text: the texts of its messages with an empty line between them. `max_tokens`
becomes `max_new_tokens`, `response_format` and `json_schema` become a grammar; every other parameter goes
under its own name. What the server refuses although it means nothing (temperature 0, top_p 1, top_k 0) is
left out. Tools, files and the user have no place in it.

A stop sequence is part of what the server returns, so that the kit cuts it off. The server counts the prompt
of a streamed answer only: with `only_stream`, an option of the kit, all answers have exact counts. The option
`think_tags` is as in OpenAI's dialect.
"""

from __future__ import annotations

from modelbay.wires.family import ChatDialect, Family, Options
from modelbay.wires.tgi.generate import GenerateDialect
from modelbay.wires.tgi.info import InfoDialect

GENERATE = GenerateDialect()


def chat(_: Options) -> ChatDialect:
    """Return the one dialect."""
    return GENERATE


FAMILY = Family("tgi", chat=chat, models=InfoDialect())
