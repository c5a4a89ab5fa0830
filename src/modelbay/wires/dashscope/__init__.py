"""Alibaba Cloud's DashScope, in its own way of speaking, and in the one that is compatible with OpenAI's.

Sources: what the vendor's SDK 2.0.2 sends and reads, and its page of error codes, gathered 2026-11-21.
Addresses are below the host: `api/v1/services/…` here, `compatible-mode/v1/…` for the compatible way.

Options (a model's `wire` section):

| option | of | meaning | default |
|---|---|---|---|
| `api` | llm | `native`, or `compatible`: chat completions with the options of `openai` | `native` |
| `multimodal` | all but tts | the model takes files, and is called where such models are | false |
| `cumulative` | llm | the model knows no increments: events repeat what was said | false |
| `reasoning_field` | llm | `reasoning_content`: sends reasoning back within a tool loop | none |
| `max_tokens_field` | llm | what `max_tokens` is called | `max_tokens` |
| `thinking` | llm | {enabled, disabled, default}: what to add for `thinking` | `enable_thinking` |
| `rename`, `refuse`, `drop` | llm | other names; parameters that are refused, or left out | |
| `tool_id_pattern`, `tool_style` | llm | as in the family `openai` | |
| `extra_body` | llm | object that is written over the body | |
| `path`, `parts` | llm | as in the family `openai`, in the compatible way only | |
| `dimensions` | text-embedding | the length of vectors | the model's |
| `instruct` | text-embedding, rerank | what a query asks for | none |
| `asr_options` | speech2text | object with `language`, `enable_itn`, `enable_lid` | |
| `language_type` | tts | the language that is spoken, by its English name | recognised |

`json_schema`, tools and the choice among them are written as OpenAI writes them. "required" is not known
here: a single tool is named, several are refused. Documents are named by the `file_id` of a part, in a
system message of their own. `preserve_thinking` sends all earlier reasoning back. Where the model searched,
the message of its answer has `search_info`.
"""

from __future__ import annotations

from modelbay.errors import DeclarationError
from modelbay.wires.dashscope.chat import Generation
from modelbay.wires.dashscope.embeddings import Embeddings
from modelbay.wires.dashscope.rerank import Rerank
from modelbay.wires.dashscope.speech import Speech
from modelbay.wires.dashscope.transcription import Recognition
from modelbay.wires.family import ChatDialect, Family, Options
from modelbay.wires.openai.chat import ChatCompletions

_APIS: dict[str, ChatDialect] = {"native": Generation(), "compatible": ChatCompletions()}


def chat(options: Options) -> ChatDialect:
    """Return the dialect that the options name."""
    name = options.get("api", "native")
    if name not in _APIS:
        raise DeclarationError(f"wire.api: {name!r} is not known; give one of {', '.join(_APIS)}")
    return _APIS[name]


FAMILY = Family(
    "dashscope",
    chat=chat,
    embedding=Embeddings(),
    rerank=Rerank(),
    transcription=Recognition(),
    speech=Speech(),
)
