"""What clients of OpenAI's API ask, and how they are answered: pure, like the other direction.

What the fields of a message or a part say and Modelbay's values do not lies in `opaque_body`
{"openai.chat": {…}}, from where an upstream of the same dialect gets it back. An answer carries the state of
its provider in the field `opaque_body` of the message: who sends messages back as they came sends that too.
"""

from __future__ import annotations

from modelbay.wires.openai.serving.chat import CHAT
from modelbay.wires.openai.serving.completions import COMPLETIONS
from modelbay.wires.openai.serving.errors import ERRORS

__all__ = ["CHAT", "COMPLETIONS", "ERRORS"]
