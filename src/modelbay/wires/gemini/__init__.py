"""Google's Gemini API, spoken by AI Studio and by Vertex AI.

Wire format: https://ai.google.dev/api/generate-content (2026-11-21).

Options (a model's `wire` section):

| option | of | meaning | default |
|---|---|---|---|
| `path` | llm, text-embedding | the model's address below the base, without the verb | `models/<model>` |
| `thinking` | llm | how the model thinks, see below | `level` |
| `thought_signatures` | llm | true where tool calls without a signature are refused | false |
| `sampling` | llm | false for a model that takes no temperature, top_p and top_k | true |
| `schema_with_tools` | llm | false for a model that keeps to no schema beside tools | true |
| `count` | llm | `wrapped` or `plain`: how a call to be counted is written | `wrapped` |
| `labels` | llm | billing labels, a mapping of texts (Vertex AI) | none |
| `embed` | text-embedding | `batch`, `single`, `predict`, `multimodal`: how vectors are asked for | `batch` |
| `dimensions` | text-embedding | the length of the vectors | the model's |
| `tasks` | text-embedding | false for a model that takes no kind of task | true |

Parameters `thinking` (true, false), `thinking_budget` and `reasoning_effort` become `thinkingConfig`:

| `thinking` | on | off | `thinking_budget` | `reasoning_effort` |
|---|---|---|---|---|
| `budget` | a budget that the model chooses | a budget of 0 | the budget | a budget |
| `budget_always` | a budget that the model chooses | refused | the budget | a budget |
| `level` | thoughts are shown | MINIMAL | refused | the level |
| `level_always` | thoughts are shown | refused | refused | the level |
| `none` | refused | nothing | refused | refused |

Thoughts are shown where thinking is asked for, unless `include_thoughts` says otherwise. `grounding`,
`url_context` and `code_execution` (true) are the API's own tools. `media_resolution` and `service_tier` have
their own places; every other parameter is one of `generationConfig`, under its name in camel case.

State: `opaque_body` {"gemini": {…}} on a part or a tool is added to what is sent of it (`videoMetadata`, …).
On an answer it holds `content`, the parts as they came, where text and tool calls do not say all of them
(signed thoughts above all), and what the answer rests on (`groundingMetadata`, …); see `replay` for how they
go back.
A message's `name` and the user's id have no place in this API and are left out.
"""

from __future__ import annotations

from modelbay.wires.family import ChatDialect, Family, Options
from modelbay.wires.gemini.chat import GenerateDialect
from modelbay.wires.gemini.embeddings import EmbedDialect
from modelbay.wires.gemini.models import ModelsDialect

GENERATE = GenerateDialect()
EMBED = EmbedDialect()
MODELS = ModelsDialect()


def chat(options: Options) -> ChatDialect:
    """Return the one dialect of conversations."""
    return GENERATE


FAMILY = Family("gemini", chat=chat, embedding=EMBED, models=MODELS)
