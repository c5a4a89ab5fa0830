"""Estimates are near the truth for very different texts."""

from __future__ import annotations

import base64
import inspect
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.entities import AudioPromptMessageContent, DocumentPromptMessageContent
from modelbay.sdk.tokens import estimate_tokens, load_encoding
from modelbay.sdk.tokens.estimate import estimate_file

TEXTS = {
    "english": "The committee will meet again on Thursday to discuss the budget, which many think small. "
    "Nobody expects a quick decision, because the last three meetings ended without one.",
    "german": "Der Ausschuss trifft sich am Donnerstag wieder, um über den Haushalt zu sprechen, den viele "
    "Mitglieder für zu klein halten. Niemand erwartet eine schnelle Entscheidung.",
    "russian": "Комитет снова соберётся в четверг, чтобы обсудить бюджет, который многие считают малым.",
    "chinese": "委员会将于星期四再次开会讨论预算，许多成员认为预算太少。没有人指望很快决定。",
    "japanese": "委員会は木曜日に再び会合を開き、予算について話し合う予定です。多くは少ないと考えている。",
    "korean": "위원회는 목요일에 다시 모여 많은 위원들이 너무 적다고 생각하는 예산을 논의할 예정입니다.",
    "code": inspect.getsource(json),
    "data": json.dumps([{"id": n, "price": n * 1.25, "name": f"item {n}"} for n in range(50)]),
    "hex": bytes(range(256)).hex(),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_an_estimate_is_within_a_third_of_a_real_tokenizer(text: str) -> None:
    """Four characters a token would be wrong by 60 % for Chinese and for hexadecimal numbers."""
    real = load_encoding("o200k_base").count(text).tokens

    assert real * 0.67 <= estimate_tokens(text) <= real * 1.5


@given(st.text())
def test_any_text_has_an_estimate(text: str) -> None:
    """Lone surrogates, controls and rare scripts must not fail; only the empty text costs nothing."""
    assert (estimate_tokens(text) > 0) is (text != "")


@given(st.text(min_size=1, max_size=50), st.integers(2, 5))
def test_more_text_is_never_estimated_lower(text: str, times: int) -> None:
    """A budget check relies on it."""
    assert estimate_tokens(text * times) >= estimate_tokens(text)


def test_files_are_estimated_by_size_and_text_files_by_their_text() -> None:
    """A file must not count as nothing, and its base64 must not count as text."""
    minute = AudioPromptMessageContent(mime_type="audio/mp3", base64_data="A" * (60 * 16_000 * 4 // 3))
    note = DocumentPromptMessageContent(
        mime_type="text/plain", base64_data=base64.b64encode(TEXTS["english"].encode()).decode()
    )

    assert estimate_file(minute) == 600
    assert estimate_file(note) == estimate_tokens(TEXTS["english"])
    assert estimate_file(DocumentPromptMessageContent(url="https://files.example/a.pdf")) > 0
