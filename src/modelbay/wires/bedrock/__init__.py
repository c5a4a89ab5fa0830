"""Amazon Bedrock: Converse for conversations, InvokeModel for vectors, the agent runtime for reranking.

Wire format: the service models of botocore 1.44.5 (November 2026) and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (read 2026-11-21).

Options (a model's `wire` section):

| option | meaning | default |
|---|---|---|
| `region` | the region, which the name of a reranking model contains | `us-east-1` |
| `geography` | prefixes of the inference profiles for calls from this region, best first | [`us`] |
| `profiles` | prefixes of the profiles that the model has | unknown |
| `cross_region` | which profile is called: `disabled`, `geographic`, `japan`, `global` | `disabled` |
| `count` | true for a model whose tokens the API counts | false |
| `max_tokens` | the limit sent when the call gives none | none: the model's own |
| `system` | false for a model that takes no system prompt: the first turn says it | true |
| `sampling` | false for a model that takes no temperature, top_p and top_k | true |
| `top_k_field` | where top_k goes in the model's own fields; null: it is refused | `top_k` |
| `thinking` | `budget`, `adaptive`, `always`, `none`: as in `wires.anthropic`, for Claude | `none` |
| `thinking_fields` | {`on`, `off`}: the model's own fields by which others think, or do not | none |
| `effort_field` | where reasoning_effort goes in those fields ("reasoningConfig.maxReasoningEffort") | none |
| `bare_efforts` | levels at which no limit of the answer and no sampling is taken: they are left out | none |
| `claude_tool_choice` | true: "none" and one call at a time are asked for in Claude's own field | false |
| `prompt_caching` | true, `5m` or `1h`: cache points after the system prompt and the last turn | false |
| `schema_by_tool` | true: a schema is asked for as a tool, which the model calls with its answer | false |
| `request_metadata` | true: send the user as metadata for the invocation logs | false |
| `base` | the foundation model behind a profile, where the name does not say it | the name |
| `embedding` | whose body is written: `titan`, `titan_image`, `cohere`, `nova` | by the base's name |
| `dimensions` | the size of vectors that is asked for | the model's own |

The model's own fields are `additionalModelRequestFields`: parameters without a place in Converse go there as
they are. A call's `cross-region` parameter wins over the option. Files go as bytes, or by an address that
begins with `s3://`. A tool's definition must be there whenever a turn used it: for a call without tools it
is made up from the conversation, and so `tool_choice` "none" after tools ran is a request, not a rule, but
for Claude.

State: `opaque_body` {"bedrock": {…}} on a part or message may hold `cachePoint`, which follows it; on a text
also `guardContent` (qualifiers) and `searchResult`; on a document `citations` and `context`. On an answer it
holds `content`, the blocks as they came, where text and tool calls do not say all of them; see `replay`.
What the API tells besides (`trace`, `additionalModelResponseFields`) lies there too and is not sent back.
"""

from __future__ import annotations

from modelbay.wires.bedrock.chat import ConverseDialect, CountingConverseDialect
from modelbay.wires.bedrock.embeddings import InvokeEmbeddingDialect
from modelbay.wires.bedrock.models import ModelsDialect
from modelbay.wires.bedrock.rerank import RerankDialect
from modelbay.wires.family import ChatDialect, Family, Options

CONVERSE = ConverseDialect()
COUNTING = CountingConverseDialect()


def chat(options: Options) -> ChatDialect:
    """Return the dialect of conversations; models whose tokens are counted have one more method."""
    return COUNTING if options.get("count") else CONVERSE


FAMILY = Family(
    "bedrock",
    chat=chat,
    embedding=InvokeEmbeddingDialect(),
    rerank=RerankDialect(),
    models=ModelsDialect(),
)
