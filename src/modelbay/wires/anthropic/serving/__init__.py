"""What clients of Anthropic's messages API ask, and how they are answered: pure, like the other direction.

What the API's content blocks say and Modelbay's messages do not lies in `opaque_body` {"anthropic": {…}}, as
`replay` expects it. State of another family, behind a client that echoes our blocks, travels in the signature
of a thinking block: see `carried`.

Of a client's request, `options` of the ask hold `own_tools`: by their place, the types of the API's own tools
(`web_search_20250305`), which no upstream of another dialect can run.
"""

from __future__ import annotations

from modelbay.wires.anthropic.serving.errors import ERRORS
from modelbay.wires.anthropic.serving.face import MESSAGES, count_body, read_count, with_betas

__all__ = ["ERRORS", "MESSAGES", "count_body", "read_count", "with_betas"]
