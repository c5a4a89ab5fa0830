"""Conformance of the five other model types."""

from __future__ import annotations

import math

from modelbay.entities import EmbeddingInputType, ModelPropertyKey, ModelType
from modelbay.errors import (
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.sdk.audio import Wav, WavFormat, read_wav, write_wav
from modelbay.sdk.testing import faults
from modelbay.sdk.testing.conformance.subject import Subject, case, raises

EMBEDDING, RERANK = ModelType.TEXT_EMBEDDING, ModelType.RERANK
MODERATION, TTS, SPEECH2TEXT = ModelType.MODERATION, ModelType.TTS, ModelType.SPEECH2TEXT

FAILURES: dict[str, tuple[faults.Fault, type[InvokeError]]] = {
    "HTTP 400": (faults.status(400), InvokeBadRequestError),
    "HTTP 429": (faults.rate_limited(), InvokeRateLimitError),
    "HTTP 500": (faults.status(500), InvokeServerUnavailableError),
    "a reset connection": (faults.reset(0), InvokeConnectionError),
}
SAMPLES = {
    EMBEDDING: (["one"],),
    RERANK: ("query", ["one", "two"]),
    MODERATION: ("a text",),
    TTS: ("Hello.",),
    SPEECH2TEXT: (write_wav(Wav(WavFormat(channels=1, sample_rate=8000, bits=16), bytes(1600))),),
}


def _failure_case(model_type: ModelType, name: str, fault: faults.Fault, kind: type[InvokeError]) -> None:
    @case(model_type, f"{name} is {kind.__name__}")
    async def run(subject: Subject) -> None:
        subject.upstream.will_fail(fault, times=None)
        with raises(kind) as caught:
            await subject.invoke(model_type, *SAMPLES[model_type])
        assert caught[0].model == subject.models[model_type]


for _type in SAMPLES:
    for _name, (_fault, _kind) in FAILURES.items():
        _failure_case(_type, _name, _fault, _kind)


@case(EMBEDDING, "one vector comes for each text, in their order")
async def vectors_in_order(subject: Subject) -> None:
    texts = ["one", "two", "drei", "四", "👋"]
    result = await subject.invoke(EMBEDDING, texts)
    assert len(result.embeddings) == len(texts)
    alone = [(await subject.invoke(EMBEDDING, [text])).embeddings[0] for text in texts]
    for together, single in zip(result.embeddings, alone, strict=True):
        assert all(math.isclose(a, b, abs_tol=1e-6) for a, b in zip(together, single, strict=True))
    subject.nothing_refused()


@case(EMBEDDING, "no texts need no request")
async def no_texts(subject: Subject) -> None:
    assert (await subject.invoke(EMBEDDING, [])).embeddings == []
    assert not subject.upstream.requests


@case(EMBEDDING, "more texts than one request takes are split and stay in order")
async def many_texts(subject: Subject) -> None:
    instance = subject.model(EMBEDDING)
    name = subject.models[EMBEDDING]
    await instance.resolve(name, subject.plain())
    count = instance._get_max_chunks(name, subject.plain()) + 3
    texts = [f"text {number}" for number in range(count)]
    result = await subject.invoke(EMBEDDING, texts)
    last = await subject.invoke(EMBEDDING, texts[-1:])
    assert len(result.embeddings) == count
    assert all(
        math.isclose(a, b, abs_tol=1e-6)
        for a, b in zip(result.embeddings[-1], last.embeddings[0], strict=True)
    )
    subject.nothing_refused()


@case(EMBEDDING, "a part that fails is tried again alone")
async def part_retried(subject: Subject) -> None:
    subject.upstream.will_fail(faults.status(500))
    assert len((await subject.invoke(EMBEDDING, ["one"])).embeddings) == 1
    assert len(subject.upstream.requests) == 2


@case(EMBEDDING, "queries and documents are both accepted")
async def input_types(subject: Subject) -> None:
    for input_type in EmbeddingInputType:
        await subject.invoke(EMBEDDING, ["one"], input_type=input_type)
    subject.nothing_refused()


@case(EMBEDDING, "a text over the limit is refused by its place")
async def long_text(subject: Subject) -> None:
    instance = subject.model(EMBEDDING)
    name = subject.models[EMBEDDING]
    schema = await instance.resolve(name, subject.plain())
    limit = int(schema.property_of(ModelPropertyKey.CONTEXT_SIZE))
    with raises(InvokeBadRequestError) as caught:
        await subject.invoke(EMBEDDING, ["short", "word " * (4 * limit)])
    assert "texts[1]" in str(caught[0])
    assert not subject.upstream.requests


@case(EMBEDDING, "the tokens are reported")
async def embedding_usage(subject: Subject) -> None:
    usage = (await subject.invoke(EMBEDDING, ["one two three"])).usage
    assert usage.tokens > 0
    assert usage.latency > 0


@case(EMBEDDING, "an answer that is not JSON is a server failure")
async def embedding_invalid_json(subject: Subject) -> None:
    subject.upstream.will_fail(faults.invalid_json(), times=None)
    with raises(InvokeServerUnavailableError):
        await subject.invoke(EMBEDDING, ["one"])


DOCS = ["cats and dogs", "the weather in Paris", "how to bake bread", "Paris in spring"]


@case(RERANK, "documents come best first, with their texts and places")
async def best_first(subject: Subject) -> None:
    result = await subject.invoke(RERANK, "weather in Paris", DOCS)
    scores = [doc.score for doc in result.docs]
    assert scores == sorted(scores, reverse=True)
    assert result.docs[0].index == 1
    assert all(doc.text == DOCS[doc.index] for doc in result.docs)
    subject.nothing_refused()


@case(RERANK, "no documents need no request")
async def no_documents(subject: Subject) -> None:
    assert (await subject.invoke(RERANK, "query", [])).docs == []
    assert not subject.upstream.requests


@case(RERANK, "at most top_n documents come; 0 and None mean all")
async def top_n(subject: Subject) -> None:
    for asked, expected in ((2, 2), (0, len(DOCS)), (None, len(DOCS)), (99, len(DOCS))):
        assert len((await subject.invoke(RERANK, "Paris", DOCS, top_n=asked)).docs) == expected
    subject.nothing_refused()


@case(RERANK, "documents below the threshold are left out")
async def threshold(subject: Subject) -> None:
    result = await subject.invoke(RERANK, "weather in Paris", DOCS, score_threshold=0.5)
    assert result.docs
    assert all(doc.score >= 0.5 for doc in result.docs)


@case(RERANK, "the same document twice is ranked twice")
async def twins(subject: Subject) -> None:
    result = await subject.invoke(RERANK, "Paris", ["Paris", "Paris"])
    assert sorted(doc.index for doc in result.docs) == [0, 1]


@case(MODERATION, "a harmless text is not flagged")
async def harmless(subject: Subject) -> None:
    assert not (await subject.invoke(MODERATION, "What a lovely day.")).flagged
    subject.nothing_refused()


@case(MODERATION, "a harmful text is flagged")
async def harmful(subject: Subject) -> None:
    assert (await subject.invoke(MODERATION, "I will kill you.")).flagged


@case(MODERATION, "harm at the end of a long text flags the text")
async def long_harm(subject: Subject) -> None:
    text = "What a lovely day. " * 5000 + "I will kill you."
    assert (await subject.invoke(MODERATION, text)).flagged
    subject.nothing_refused()


@case(MODERATION, "an upstream that fails never means safe")
async def failed_moderation(subject: Subject) -> None:
    text = "What a lovely day. " * 5000
    subject.upstream.will_fail(faults.status(500), after=1, times=None)
    subject.upstream.will_fail(faults.status(500), times=None)
    with raises(InvokeServerUnavailableError):
        await subject.invoke(MODERATION, text)


@case(TTS, "speech is audio of a known kind")
async def speech(subject: Subject) -> None:
    result = await subject.invoke(TTS, "Hello, world.")
    assert result.audio
    assert result.mime_type.startswith("audio/")
    subject.nothing_refused()


@case(TTS, "a text over the limit is spoken in several requests")
async def long_speech(subject: Subject) -> None:
    result = await subject.invoke(TTS, "This is a sentence. " * 1000)
    assert len(subject.upstream.requests) > 1
    assert result.audio
    subject.nothing_refused()


@case(TTS, "streamed speech is the same audio")
async def streamed_speech(subject: Subject) -> None:
    whole = (await subject.invoke(TTS, "Hello, world.")).audio
    instance = subject.model(TTS)
    pieces = [piece async for piece in instance.stream(subject.models[TTS], subject.plain(), "Hello, world.")]
    streamed = b"".join(pieces)
    if whole.startswith(b"RIFF"):  # the head of a stream cannot say how long it will be
        assert read_wav(streamed) == read_wav(whole)
    else:
        assert streamed == whole


@case(TTS, "a voice that the model does not have is refused with the voices it has")
async def unknown_voice(subject: Subject) -> None:
    with raises(InvokeBadRequestError) as caught:
        await subject.invoke(TTS, "Hello.", voice="nobody")
    assert "nobody" in str(caught[0])
    assert not subject.upstream.requests


@case(TTS, "an empty text is refused")
async def empty_speech(subject: Subject) -> None:
    with raises(InvokeBadRequestError):
        await subject.invoke(TTS, "  ")


@case(SPEECH2TEXT, "what is said is written down")
async def transcription(subject: Subject) -> None:
    result = await subject.invoke(SPEECH2TEXT, *SAMPLES[SPEECH2TEXT])
    assert result.text
    subject.nothing_refused()


@case(SPEECH2TEXT, "an empty file is refused")
async def empty_audio(subject: Subject) -> None:
    with raises(InvokeBadRequestError):
        await subject.invoke(SPEECH2TEXT, b"")
    assert not subject.upstream.requests


@case(SPEECH2TEXT, "the file is sent under the name of its real format")
async def real_format(subject: Subject) -> None:
    await subject.invoke(SPEECH2TEXT, *SAMPLES[SPEECH2TEXT])
    assert b"wav" in subject.upstream.requests[-1].raw  # as an extension, a media type or a word


@case(SPEECH2TEXT, "a file over the limit is sent in parts")
async def large_audio(subject: Subject) -> None:
    instance = subject.model(SPEECH2TEXT)
    schema = await instance.resolve(subject.models[SPEECH2TEXT], subject.plain())
    limit = schema.property_of(ModelPropertyKey.FILE_UPLOAD_LIMIT) if schema else None
    if not limit:
        return
    size = int(float(limit) * 1_000_000) + 1_000_000
    audio = write_wav(Wav(WavFormat(channels=1, sample_rate=16000, bits=16), bytes(size)))
    assert (await subject.invoke(SPEECH2TEXT, audio)).text
    assert len(subject.upstream.requests) == 2
