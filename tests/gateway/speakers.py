"""The dialects that clients speak, by name: a test asks and reads the same in each."""

from __future__ import annotations

from tests.gateway.anthropic_speaker import Messages
from tests.gateway.openai_speakers import Chat, Completions, Responses
from tests.gateway.spoken import CITY, PDF, PNG, Said, Speaker

__all__ = [
    "CHAT",
    "CITY",
    "COMPLETIONS",
    "EVERY",
    "MESSAGES",
    "PDF",
    "PNG",
    "RESPONSES",
    "SPEAKERS",
    "Said",
    "Speaker",
]

CHAT, COMPLETIONS, RESPONSES, MESSAGES = Chat(), Completions(), Responses(), Messages()
SPEAKERS: dict[str, Speaker] = {"chat": CHAT, "responses": RESPONSES, "messages": MESSAGES}
EVERY: dict[str, Speaker] = {**SPEAKERS, "completions": COMPLETIONS}
