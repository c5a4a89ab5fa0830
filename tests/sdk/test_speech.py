"""Speech to text: files recognised by content, split when too large, joined, priced by the minute."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import IO, Any

import pytest
from tests.sdk.kit import PRICES, Proven, make

from modelbay.entities import Meter, Speech2TextResult
from modelbay.errors import InvokeBadRequestError, InvokeConnectionError, InvokeError
from modelbay.sdk import AudioFile, Speech2TextModel
from modelbay.sdk.audio import Wav, WavFormat, read_wav, write_wav
from modelbay.wires.usage import call_usage

MONO = WavFormat(channels=1, sample_rate=8000, bits=16)
RECORDING = write_wav(Wav(MONO, b"\x10\x27" * 8000 * 60))  # one minute, just under a megabyte


class Listener(Proven, Speech2TextModel):
    """Says how many samples it heard."""

    usage: Any = None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.files: list[IO[bytes]] = []

    def _invoke(
        self, model: str, credentials: dict[str, Any], file: IO[bytes], user: str | None = None
    ) -> Any:
        self.files.append(file)
        text = f" {len(read_wav(file.read()).samples) // 2} "
        return text if self.usage is None else Speech2TextResult(result=text, usage=self.usage)


@pytest.mark.parametrize("given", [RECORDING, io.BytesIO(RECORDING)], ids=["bytes", "file"])
async def test_a_plugin_gets_a_file_with_a_name(given: Any) -> None:
    """Plugins send `file.name` and its suffix; it comes from the content, not from the caller."""
    model = make(Listener)
    result = await model.invoke("m", {}, given)

    assert result.text.strip() == "480000"
    assert isinstance(model.files[0], AudioFile)
    assert (model.files[0].name, model.files[0].mime_type) == ("audio.wav", "audio/wav")


async def test_a_large_file_is_split_and_its_texts_are_joined_in_order() -> None:
    """The upstream takes half a megabyte; nothing of the recording is lost."""
    model = make(Listener, {"file_upload_limit": "0.5"})
    result = await model.invoke("m", {}, RECORDING)
    counts = [int(word) for word in result.text.split(" ")]

    assert len(model.files) == len(counts) == 2
    assert sum(counts) == 480_000
    assert all(file.getbuffer().nbytes <= 500_000 for file in model.files)


async def test_a_failed_part_fails_the_call() -> None:
    """Half a transcript that looks whole is worse than none."""

    class Deaf(Listener):
        def _invoke(self, *args: Any) -> Any:
            if self.files:
                raise ConnectionResetError("gone")
            return super()._invoke(*args)

    with pytest.raises(InvokeConnectionError, match="gone"):
        await make(Deaf, {"file_upload_limit": 0.5}).invoke("m", {}, RECORDING)


async def test_an_empty_file_is_refused() -> None:
    """Before anything is sent."""
    model = make(Listener)
    with pytest.raises(InvokeBadRequestError, match="audio file is empty"):
        await model.invoke("m", {}, b"")
    assert model.files == []


async def test_audio_is_priced_by_the_minute_where_the_upstream_does_not_count() -> None:
    """One minute x 2 per thousand."""
    usage = (await make(Listener, pricing={**PRICES, "meter": "minute"}).invoke("m", {}, RECORDING)).usage

    assert usage is not None
    assert (usage.quantity, usage.meter) == (Decimal(1), Meter.MINUTE)
    assert (usage.total_price, usage.currency) == (Decimal("0.002"), "EUR")


async def test_what_the_upstream_counted_is_summed_over_the_parts() -> None:
    """Two requests of 10 tokens; what the plugin priced itself is summed too."""
    model = make(Listener, {"file_upload_limit": 0.5}, pricing=PRICES)
    model.usage = call_usage(10, Meter.TOKEN).model_copy(update={"total_price": Decimal("0.3")})
    usage = (await model.invoke("m", {}, RECORDING)).usage

    assert usage is not None
    assert (usage.quantity, usage.meter, usage.total_price) == (Decimal(20), Meter.TOKEN, Decimal("0.6"))


async def test_an_answer_without_text_is_an_error() -> None:
    """None is not an empty transcript."""

    class Silent(Listener):
        def _invoke(self, *_: Any) -> Any:
            return None

    with pytest.raises(InvokeError):
        await make(Silent).invoke("m", {}, RECORDING)
