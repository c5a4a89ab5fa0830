"""What a plugin author needs to test a provider: a fake upstream over a real socket, and faults to inject."""

from __future__ import annotations

from . import faults
from .describe import load_specification
from .faults import Fault
from .gate import Gate
from .http import Answer, Part, Request, json_answer, ndjson, sse
from .reply import Reply, ToolCall
from .upstream import Complaint, FakeUpstream, Refusal

__all__ = [
    "Answer",
    "Complaint",
    "FakeUpstream",
    "Fault",
    "Gate",
    "Part",
    "Refusal",
    "Reply",
    "Request",
    "ToolCall",
    "faults",
    "json_answer",
    "load_specification",
    "ndjson",
    "sse",
]
