"""What a model on a known wire can be told beyond the plugin format's arguments, over a real socket."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sdk.wired.conftest import Make
from tests.upstreams.cohere import CohereUpstream
from tests.upstreams.jina import JinaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.sdk.audio import Wav, WavFormat, detect_format, write_wav
from modelbay.wires.vectors import plain_vectors

EMBEDDING, RERANK, TTS = ModelType.TEXT_EMBEDDING, ModelType.RERANK, ModelType.TTS
SPEECH2TEXT, MODERATION = ModelType.SPEECH2TEXT, ModelType.MODERATION
MONO = WavFormat(channels=1, sample_rate=8000, bits=16)
SILENCE = write_wav(Wav(MONO, bytes(16000)))


def openai_key(upstream: OpenAIUpstream) -> dict[str, Any]:
    return {"openai_api_key": "test-key", "openai_api_base": upstream.url}


def key(upstream: CohereUpstream | JinaUpstream, path: str = "") -> dict[str, Any]:
    return {"api_key": "test-key", "base_url": upstream.url + path}


async def test_vectors_of_a_size_asked_for_pass_as_base64(openai: OpenAIUpstream, make: Make) -> None:
    """Whoever asks for base64 gets it as it came, over all requests; otherwise it is read here."""
    model, plain = make("openai", EMBEDDING), make("openai", EMBEDDING)
    model.extras = {"dimensions": 8, "encoding_format": "base64"}
    plain.extras = {"dimensions": 8}
    result = await model.invoke("text-embedding-3-small", openai_key(openai), ["a", "b"])
    read = await plain.invoke("text-embedding-3-small", openai_key(openai), ["a", "b"])

    assert (len(result.packed), result.embeddings) == (2, [])
    assert plain_vectors(result) == read.embeddings
    assert (len(read.embeddings[0]), read.packed) == (8, None)


@pytest.mark.parametrize(
    ("provider", "model", "extras", "sent"),
    [
        (
            "cohere",
            "embed-v4.0",
            {"dimensions": 256, "task": "clustering", "truncate": "END", "encoding_format": "base64"},
            {
                "output_dimension": 256,
                "input_type": "clustering",
                "truncate": "END",
                "embedding_types": ["base64"],
            },
        ),
        (
            "jina",
            "jina-embeddings-v3",
            {"dimensions": 64, "task": "classification", "truncate": "END", "encoding_format": "base64"},
            {"dimensions": 64, "task": "classification", "truncate": True, "embedding_type": "base64"},
        ),
    ],
)
async def test_each_upstream_is_told_in_its_own_words(
    provider: str,
    model: str,
    extras: dict[str, Any],
    sent: dict[str, Any],
    cohere: CohereUpstream,
    jina: JinaUpstream,
    make: Make,
) -> None:
    """One name here, many there; the fakes refuse what their APIs do not take."""
    upstream = cohere if provider == "cohere" else jina
    instance = make(provider, EMBEDDING)
    instance.extras = extras
    credentials = key(upstream, "" if provider == "cohere" else "/v1")

    assert all(instance.takes(name, model, credentials) for name in extras)
    result = await instance.invoke(model, credentials, ["a"])
    body = upstream.requests[-1].body
    assert {name: body[name] for name in sent} == sent
    assert len(result.packed) == 1


async def test_a_long_text_goes_out_where_cutting_was_asked_for(cohere: CohereUpstream, make: Make) -> None:
    """Otherwise it is refused here: nothing is cut in silence."""
    text = "word " * 2000
    cutting, refusing = make("cohere", EMBEDDING), make("cohere", EMBEDDING)
    cutting.extras = {"truncate": "END"}

    assert len((await cutting.invoke("embed-english-v3.0", key(cohere), [text])).embeddings) == 1
    with pytest.raises(InvokeBadRequestError, match=r"^.*texts\[0\]"):
        await refusing.invoke("embed-english-v3.0", key(cohere), [text])


async def test_a_ranking_is_told_how_much_of_a_document_to_read(cohere: CohereUpstream, make: Make) -> None:
    """Of the models here only Cohere's can be told."""
    instance = make("cohere", RERANK)
    instance.extras = {"max_tokens_per_doc": 128}
    await instance.invoke("rerank-v3.5", key(cohere), "q", ["a", "b"])

    assert cohere.requests[-1].body["max_tokens_per_doc"] == 128
    assert instance.takes("max_tokens_per_doc", "rerank-v3.5", key(cohere))
    assert not make("jina", RERANK).takes("max_tokens_per_doc", "jina-reranker-m0", {})


async def test_a_recording_is_told_of_in_detail(openai: OpenAIUpstream, make: Make) -> None:
    """Segments are what subtitles are made of."""
    instance = make("openai", SPEECH2TEXT)
    instance.extras = {"response_format": "verbose_json", "language": "en"}
    result = await instance.invoke("whisper-1", openai_key(openai), SILENCE)

    assert [segment["start"] for segment in result.segments] == [0.0]
    assert instance.takes("response_format", "whisper-1", openai_key(openai))


async def test_a_recording_is_translated(openai: OpenAIUpstream, make: Make) -> None:
    """The task decides the address."""
    instance = make("openai", SPEECH2TEXT)
    instance.extras = {"task": "translate"}
    await instance.invoke("whisper-1", openai_key(openai), SILENCE)

    assert openai.requests[-1].path == "/v1/audio/translations"


@pytest.mark.parametrize(
    ("wanted", "mime_type"), [("wav", "audio/wav"), ("pcm", "audio/pcm"), (None, "audio/mpeg")]
)
async def test_speech_is_of_the_type_asked_for(
    wanted: str | None, mime_type: str, openai: OpenAIUpstream, make: Make
) -> None:
    """The type is known before the audio, as its head is sent first."""
    instance = make("openai", TTS)
    instance.extras = {"response_format": wanted, "speed": 2} if wanted else {}
    result = await instance.invoke("tts-1", openai_key(openai), "Hello", "nova")

    assert openai.requests[-1].body["response_format"] == (wanted or "mp3")
    assert openai.requests[-1].body.get("speed") == (2 if wanted else None)
    assert result.mime_type == instance.get_tts_model_mime_type("tts-1", openai_key(openai)) == mime_type
    assert wanted != "wav" or detect_format(result.audio) == "wav"


async def test_a_model_takes_what_its_options_do_not_refuse(openai: OpenAIUpstream, make: Make) -> None:
    """One dialect serves models of several ages."""
    instance = make("openai", TTS)
    credentials = openai_key(openai)

    assert instance.takes("instructions", "gpt-4o-mini-tts", credentials)
    assert not instance.takes("instructions", "tts-1", credentials)
    assert instance.takes("speed", "tts-1", credentials)
    assert not instance.takes("pitch", "tts-1", credentials)


def test_a_model_says_which_dialect_its_upstream_speaks(make: Make) -> None:
    """A client of the same may ask for what nobody here knows."""
    names = {
        make(provider, kind).speaks("m", {})
        for provider, kind in [
            *(("openai", kind) for kind in (EMBEDDING, MODERATION, SPEECH2TEXT, TTS)),
            *((provider, kind) for provider in ("cohere", "jina") for kind in (EMBEDDING, RERANK)),
            ("openai_api_compatible", RERANK),
        ]
    }

    assert names == {
        *("openai.embeddings", "openai.moderations", "openai.transcriptions", "openai.speech"),
        *("cohere.embed", "cohere.rerank", "jina.embeddings", "jina.rerank"),
    }
