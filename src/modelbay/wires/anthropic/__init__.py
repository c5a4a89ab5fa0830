"""The messages API of Anthropic, also spoken by many other servers.

Wire format: https://docs.anthropic.com/en/api/messages (2026-11-21).

Options (a model's `wire` section):

| option | meaning | default |
|---|---|---|
| `max_tokens` | the limit sent when the call gives none; the API needs one | none: the call must give it |
| `thinking` | `budget`, `adaptive`, `always` or `none`: how the model thinks, see below | `budget` |
| `thinking_display` | what adaptive thinking shows: `summarized`, `omitted`; null: the API's | `summarized` |
| `sampling` | false for a model that takes no temperature, top_p and top_k | true |
| `prompt_caching` | true, `5m` or `1h`: cache breakpoints at the system prompt and the last turn | false |
| `system_turns` | true for a model that takes system messages in the middle of a conversation | false |
| `betas` | names for the header `anthropic-beta` | none |
| `raw_predict` | the version in the body, where model and verb stand in the address (Vertex AI) | none |
| `path` | with `raw_predict`: the model's address below the base, without the verb | none |

Parameters `thinking` (true, false), `thinking_budget` and `reasoning_effort` (or `effort`) become:

| `thinking` | on | off | `thinking_budget` | `reasoning_effort` |
|---|---|---|---|---|
| `budget` | enabled, with a budget | disabled | the budget, at least 1024 and below max_tokens | a budget |
| `adaptive` | adaptive | disabled | refused | effort, and thinking unless it is off |
| `always` | adaptive | refused | refused | effort |
| `none` | refused | nothing | refused | refused |

Effort `none` is the same as `thinking` false. Beside a budget the API takes no sampling parameters: they are
left out. With `sampling: false` the values that mean the default are left out and any other is refused.

State: `opaque_body` {"anthropic": {…}} on a part, a message or a tool is merged into its block
(`cache_control`, `citations`, `context`, …). On an answer it holds `content`, the blocks as they came, where
text and tool calls do not say all of them; see `replay` for how they go back. A message's `name` has no place
in this API and is left out. `serving` is the other direction: clients of ours that speak this API.
"""

from __future__ import annotations

from modelbay.wires.anthropic.chat import MessagesDialect
from modelbay.wires.anthropic.models import ModelsDialect
from modelbay.wires.family import ChatDialect, Family, Options

MESSAGES = MessagesDialect()


def chat(options: Options) -> ChatDialect:
    """Return the one dialect of conversations."""
    return MESSAGES


FAMILY = Family("anthropic", chat=chat, models=ModelsDialect())
