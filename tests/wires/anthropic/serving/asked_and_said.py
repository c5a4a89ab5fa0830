"""What the tests of this face share: requests and blocks as clients of Anthropic write them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from modelbay.entities import LLMResult
from modelbay.wires.anthropic.serving import MESSAGES
from modelbay.wires.family import ChatCall
from modelbay.wires.serving import ChatAsk

EPHEMERAL = {"type": "ephemeral"}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0x"}
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
SEARCH = {
    "type": "search_result",
    "source": "https://example.org",
    "title": "Rain",
    "content": [{"type": "text", "text": "It rains."}],
    "citations": {"enabled": True},
}
UPLOAD = {"type": "container_upload", "file_id": "file_1"}
WORDS = st.text('ab é\n"\\', min_size=1, max_size=8).filter(lambda text: bool(text.strip()))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def texts(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Make text blocks, with fields beside the text."""
    return WORDS.map(lambda text: {"type": "text", "text": text, **fields})


USER_BLOCKS = st.one_of(
    texts(),
    texts(cache_control=EPHEMERAL),
    st.sampled_from(
        [
            {"type": "image", "source": PNG, "cache_control": EPHEMERAL},
            {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
            {"type": "image", "source": {"type": "url", "url": "data:image/png;base64,iVBORw0KGgo="}},
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
            {"type": "document", "source": PDF, "title": "A", "context": "B", "citations": {"enabled": True}},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Ünï"}},
            {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "x"}]}},
            {"type": "document", "source": {"type": "file", "file_id": "file_2"}, "title": "C"},
            SEARCH,
            UPLOAD,
        ]
    ),
)
SERVER_BLOCKS = [
    {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "rain"}},
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srv_1",
        "content": [
            {"type": "web_search_result", "url": "https://e.org", "title": "E", "encrypted_content": "x"}
        ],
    },
    {"type": "redacted_thinking", "data": "b3BhcXVl"},
]
CITED = {
    "type": "text",
    "text": "It rains.",
    "citations": [
        {
            "type": "page_location",
            "cited_text": "Rain.",
            "document_index": 0,
            "document_title": None,
            "start_page_number": 1,
            "end_page_number": 2,
        }
    ],
}


def use(number: int, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make a call of a tool."""
    return {"type": "tool_use", "id": f"toolu_{number}", "name": "weather", "input": arguments or {}}


@st.composite
def answers(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Make the blocks of an answer: thinking, texts, calls, server tools in any order."""
    block = st.one_of(
        texts(),
        WORDS.map(lambda text: {"type": "thinking", "thinking": text, "signature": "c2ln"}),
        st.just({"type": "thinking", "thinking": "", "signature": "c2ln"}),
        st.dictionaries(st.sampled_from("ab"), WORDS, max_size=2).map(lambda value: use(0, value)),
        st.sampled_from([CITED, *SERVER_BLOCKS]),
    )
    blocks = draw(st.lists(block, min_size=1, max_size=5))
    return [
        item | {"id": f"toolu_{index}"} if item["type"] == "tool_use" else item
        for index, item in enumerate(blocks)
    ]


def request(*content: Any, **fields: Any) -> dict[str, Any]:
    """Make a request whose only turn holds the blocks."""
    messages = [{"role": "user", "content": list(content) or "Hi"}]
    return {"model": "claude", "max_tokens": 4000, "messages": messages, **fields}


def call_of(ask: ChatAsk, **options: Any) -> ChatCall:
    """Return the call of an upstream of the same dialect that the ask amounts to."""
    return ChatCall(
        model=ask.model,
        messages=ask.messages,
        parameters=ask.wishes.parameters,
        tools=ask.tools,
        stop=ask.stop,
        stream=ask.stream,
        user=ask.user,
        options={"system_turns": True, "thinking_display": None, **options},
        extras=ask.wishes.extras,
    )


def given_back(result: LLMResult) -> Any:
    """Return the message that a client's next request makes of an answer, written whole."""
    ask = MESSAGES.from_request(request())
    return echoed(MESSAGES.from_result(ask, result, "1")["content"])


def echoed(content: list[dict[str, Any]]) -> Any:
    """Return the message that a client's next request makes of the blocks."""
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": content}]
    return MESSAGES.from_request({"model": "m", "max_tokens": 1, "messages": turns}).messages[1]
