"""The dialects of OpenAI and of the many servers that are compatible with it.

Sources: OpenAI's OpenAPI document of 2026-08-21 (chat completions, responses, completions, embeddings,
moderations, audio, models) and what compatible servers do differently, both gathered 2026-11-21.

What a model's `wire` section may say, for language models:

| option | value | what it does |
|---|---|---|
| `api` | `chat` (default), `responses`, `completions` | which API the model is called by |
| `only_api` | the same | the one API that the model has, whatever `api` says: credentials may decide `api` |
| `client_side_stop` | true | the model refuses stop sequences: the kit cuts the answer (chat) |
| `path`, `query` | text, object | another path below the address (or `{responses: …}`); the URL's query |
| `path.stream` | text | another path for streamed chats |
| `max_tokens_field` | name | what `max_tokens` is called (chat, completions) |
| `max_tokens_min` | number, 16 | a smaller `max_tokens` is raised to it (responses) |
| `rename` | {ours: theirs} | other names; dots make objects: `{thinking_budget: reasoning.max_tokens}` |
| `refuse` | names | parameters that the model does not take: an error names them |
| `drop` | names | parameters that are left out |
| `refuse_with_reasoning`, `drop_with_reasoning` | names | the same, while the model reasons |
| `reasoning_default` | effort | how the model reasons when the call does not say; `none` (default): not |
| `reasoning_summary` | `auto`, `concise`, `detailed` | asks for summaries of reasoning (responses) |
| `thinking` | {enabled, disabled, default} | what to add to the body for the parameter `thinking` |
| `extra_body` | object | written over the body, last |
| `extra_tools` | list | tools of the provider's own, beside the call's |
| `tool_switches` | {parameter: tool} | tools of the provider's own that a parameter switches on |
| `json_fields` | names | parameters that are given as JSON text and sent as what it spells |
| `prefill` | {field, path} | an answer that was begun is gone on with: marked by `field`, sent to `path` |
| `user_field` | name, `none` | where the user goes: `user` (default), `safety_identifier`, … |
| `user_length` | [least, most] | a user that is shorter or longer is sent as a digest |
| `stream_usage` | false | do not ask for usage in streams |
| `store` | true | let the provider keep the answer (responses) |
| `instructions` | false | system messages as items, not as `instructions` (responses) |
| `tool_style` | `tool` (default), `function`, `none` | tools, the legacy functions, or neither |
| `tool_id_pattern` | regular expression | ids of tool calls that do not match it are replaced consistently |
| `system_role` | name | role of system and developer messages: `system`, for responses `developer` |
| `merge_system`, `merge_roles` | true | join all system messages at the front; join neighbours of one role |
| `skip_empty` | true | leave out messages that say nothing |
| `content` | `text`, `parts` | send all text as a string, or as a list of parts |
| `empty_content` | `text` | "" and not null beside tool calls |
| `names` | false | leave out the names of speakers |
| `parts` | {kind: shape} | how image, audio, video, document are sent; the shapes are in `parts` |
| `media_as_image_url` | true | audio and video as `image_url` |
| `think_tags` | true, `implied` | the answer begins with a think block; `implied`: without its opening tag |
| `cumulative` | true | streamed pieces repeat all that was said before |
| `reasoning_field` | name, `inline`, `parts` | sends earlier reasoning back: there, in tags, as a part |
| `reasoning_required` | true | a tool call that came without reasoning goes back with a blank one |
| `reasoning_replay` | `all` | also that of finished turns, not only of the tool loop going on |
| `replay` | names | fields of answers to be sent back unchanged: `reasoning_details`, `audio` |
| `keep` | names | fields beside `choices`, or of a choice, that are kept with the message: `web_search` |

For the other types: `encoding_format` (`base64`, `float`, `none`), `dimensions`, `dimensions_field` (what
that is called), `input_types` (what `input_type` says for a `document` and for a `query`), `document_prefix`,
`query_prefix`, `images: messages`, `user_field` (embeddings, which send the user only if it says where);
`documents: objects`, `top_n_field` (rerank); `task: translate`, `response_format`, which may be `none`
(transcription);
`refuse` (speech); `path`, `query`, `extra_body` (all).
"""

from __future__ import annotations

from modelbay.errors import DeclarationError
from modelbay.wires.family import ChatDialect, Family, Options
from modelbay.wires.openai.audio import Speech, Transcriptions
from modelbay.wires.openai.chat import ChatCompletions, ChatCompletionsWithoutStop
from modelbay.wires.openai.completions import Completions
from modelbay.wires.openai.embeddings import Embeddings
from modelbay.wires.openai.models import Models
from modelbay.wires.openai.moderations import Moderations
from modelbay.wires.openai.rerank import Rerank
from modelbay.wires.openai.responses import Responses

_CHAT_WITHOUT_STOP: ChatDialect = ChatCompletionsWithoutStop()
_APIS: dict[str, ChatDialect] = {
    "chat": ChatCompletions(),
    "responses": Responses(),
    "completions": Completions(),
}


def _chat(options: Options) -> ChatDialect:
    name = options.get("only_api") or options.get("api", "chat")
    if name not in _APIS:
        raise DeclarationError(f"wire.api: {name!r} is not known; give one of {', '.join(_APIS)}")
    if name == "chat" and options.get("client_side_stop"):
        return _CHAT_WITHOUT_STOP
    return _APIS[name]


FAMILY = Family(
    "openai",
    chat=_chat,
    embedding=Embeddings(),
    rerank=Rerank(),
    moderation=Moderations(),
    transcription=Transcriptions(),
    speech=Speech(),
    models=Models(),
)
