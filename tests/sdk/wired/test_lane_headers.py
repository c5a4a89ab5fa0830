"""The headers of the fast lane are those of a call that is translated."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.wired.conftest import Make

from modelbay.entities import ModelType
from modelbay.sdk.wired.lane import beside, lane_of
from modelbay.wires.anthropic import MESSAGES
from modelbay.wires.anthropic.relay import MessagesRelay
from modelbay.wires.anthropic.serving import MESSAGES as FACE
from modelbay.wires.anthropic.serving import with_betas
from modelbay.wires.family import ChatCall
from modelbay.wires.relaying import skeleton, split

MODEL = "claude-sonnet-4-5"
BODY = {"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
NAMES = st.lists(st.sampled_from("abcd"), max_size=3).map(",".join)


def in_the_lane(model: Any, credentials: dict[str, Any], betas: str) -> dict[str, str]:
    """Return the headers of a client's request that is passed on."""
    lane = lane_of(model, MODEL, credentials, model.get_model_schema(MODEL, credentials), MessagesRelay())
    fields = split(orjson.dumps(BODY))
    assert lane is not None
    assert fields is not None
    sent = lane.to_sent(skeleton(fields) or b"", fields, {"anthropic-beta": betas} if betas else {})
    assert sent is not None
    return {**lane.headers, **sent.headers}


def translated(model: Any, credentials: dict[str, Any], betas: str) -> dict[str, str]:
    """Return the headers of the same request, read and written again."""
    ask = with_betas(FACE.from_request(BODY), betas)
    options = model.wire_options(MODEL, credentials)
    call = ChatCall(ask.model, ask.messages, ask.wishes.parameters, options=options, extras=ask.wishes.extras)
    return dict(MESSAGES.to_request(call, model.endpoint(credentials)).headers)


@pytest.mark.parametrize("own", [None, "anthropic-beta", "Anthropic-Beta"])
@pytest.mark.parametrize("betas", ["", "a", "b, c,b"])
async def test_betas_are_those_of_the_endpoint_and_of_the_client(
    make: Make, own: str | None, betas: str
) -> None:
    """Two headers of one name are one list, or the second one is lost: which, no standard says."""
    model = make("anthropic", ModelType.LLM)
    credentials: dict[str, Any] = {"anthropic_api_key": "k"}
    if own:
        credentials["extra_headers"] = {own: "a, z"}

    passed = in_the_lane(model, credentials, betas)

    assert passed == translated(model, credentials, betas)
    names = [name for name in passed if name.lower() == "anthropic-beta"]
    assert len(names) == bool(own or betas)


@given(NAMES, NAMES)
def test_a_list_has_each_name_once_and_the_endpoints_first(own: str, more: str) -> None:
    """A header that is listed twice is refused by some servers."""
    joined = beside({"X-List": own}, {"x-list": more})

    listed = [name for name in f"{own},{more}".split(",") if name]
    assert joined == {"X-List": ",".join(dict.fromkeys(listed))}
