"""Speech as OpenAI clients ask for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.serving_checks import any_body, complaint, refused_or_read, told

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import Endpoint, SpeechCall
from modelbay.wires.openai.audio import Speech
from modelbay.wires.openai.serving.audio import SPEECH

WIRE = Speech()
BODY = {"model": "tts", "input": "Hello", "voice": "nova"}
NAMES = ("model", "input", "voice", "response_format", "speed", "instructions", "stream_format")


@given(
    st.fixed_dictionaries(
        {
            "model": st.just("tts-1"),
            "input": st.text(min_size=1, max_size=8),
            "voice": st.just("nova") | st.fixed_dictionaries({"id": st.just("voice_1")}),
            "response_format": st.sampled_from(["mp3", "opus", "aac", "flac", "wav", "pcm"]),
        },
        optional={"speed": st.floats(0.25, 4), "instructions": st.text(max_size=8), "new_field": st.just(1)},
    )
)
def test_a_request_comes_out_as_it_went_in(body: dict[str, Any]) -> None:
    """What nobody here knows goes along to an upstream of the same dialect."""
    ask = SPEECH.from_request(body)
    fitted = told(ask.wishes, WIRE.takes, same_dialect=True)
    asked = {**fitted.extras, **fitted.fields}
    call = SpeechCall(ask.model, ask.text, ask.voice or "", asked.pop("response_format"), parameters=asked)
    sent = WIRE.to_request(call, Endpoint("https://u.test/v1")).json

    assert sent == body
    known = {name: value for name, value in sent.items() if name != "new_field"}
    assert complaint("openai.openapi.json", "CreateSpeechRequest", known) is None


def test_what_asks_for_nothing_is_no_wish() -> None:
    """Clients write defaults down; a model that cannot be told of speed speaks all the same."""
    ask = SPEECH.from_request({**BODY, "speed": 1.0, "instructions": "", "stream_format": "audio"})

    assert told(ask.wishes, frozenset()).extras == {}
    with pytest.raises(InvokeBadRequestError, match=r"^speed: "):
        told(SPEECH.from_request({**BODY, "speed": 2}).wishes, frozenset())


def test_a_voice_of_the_clients_own_is_refused_by_the_clients_name_for_it() -> None:
    """Other upstreams do not have it."""
    ask = SPEECH.from_request({**BODY, "voice": {"id": "voice_1"}})

    assert ask.voice is None
    with pytest.raises(InvokeBadRequestError, match=r"^voice: "):
        told(ask.wishes, frozenset({"response_format"}))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": ""}, "model"),
        ({"input": None}, "input"),
        ({"input": ["a"]}, "input"),
        ({"voice": 3}, "voice"),
        ({"voice": {}}, r"voice\.id"),
        ({"speed": "fast"}, "speed"),
        ({"stream_format": "sse"}, "stream_format"),
        ({"response_format": 3}, "response_format"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    """The client's developer has to find it."""
    with pytest.raises(InvokeBadRequestError, match=f"^{field}: "):
        SPEECH.from_request({**BODY, **change})


@given(any_body(NAMES, BODY))
def test_nonsense_is_the_clients_mistake(body: Any) -> None:
    """Never a failure of ours."""
    refused_or_read(SPEECH.from_request, body)
