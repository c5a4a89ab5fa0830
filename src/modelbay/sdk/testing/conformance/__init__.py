"""The conformance suite: what every provider must do, run against a fake upstream over a real socket.

```python
@pytest.mark.parametrize("case", cases(ModelType.LLM, ModelType.RERANK), ids=str)
async def test_conformance(case, subject):
    await case(subject)
```

where `subject` is a fixture that starts the upstream and returns a `Subject`.
"""

from __future__ import annotations

from collections.abc import Collection

from modelbay.entities import ModelType
from modelbay.sdk.testing.conformance import llm_answers, llm_failures, others
from modelbay.sdk.testing.conformance.subject import ABILITIES, CAPABILITIES, CASES, Case, Subject

__all__ = ["ABILITIES", "CAPABILITIES", "Case", "Subject", "cases", "llm_answers", "llm_failures", "others"]


def cases(*model_types: ModelType, abilities: Collection[str] = ABILITIES) -> list[Case]:
    """Return the cases of these types (all if none is given) that need no more than these abilities."""
    return [
        case
        for case in CASES
        if (not model_types or case.model_type in model_types) and case.needs <= set(abilities)
    ]
