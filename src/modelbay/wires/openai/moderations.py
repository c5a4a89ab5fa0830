"""The moderations API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import Meter, ModerationResult
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.family import Endpoint, ModerationCall
from modelbay.wires.json_text import answer_object
from modelbay.wires.openai.posting import post
from modelbay.wires.openai.reading import usage_of
from modelbay.wires.openai.shapes import object_of
from modelbay.wires.openai.upstream_errors import raise_error_in
from modelbay.wires.request import Request
from modelbay.wires.usage import call_usage


class Moderations:
    """`POST /moderations`."""

    name = "openai.moderations"
    takes: frozenset[str] = frozenset()

    def to_request(self, call: ModerationCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        body = {"model": call.model, "input": list(call.texts), **call.parameters}
        return post(endpoint, "moderations", body, call.options, idempotent=True)

    def to_results(self, call: ModerationCall, body: Any) -> list[ModerationResult]:
        """Return one judgement a text; the usage of all, where there is one, is on the first."""
        answer = answer_object(body)
        raise_error_in(answer)
        rows = answer.get("results")
        if not isinstance(rows, list) or len(rows) != len(call.texts):
            found = len(rows) if isinstance(rows, list) else "no"
            raise InvokeServerUnavailableError(
                f"the provider sent {found} judgements for {len(call.texts)} texts"
            )
        results = [_judgement(row, place) for place, row in enumerate(rows)]
        usage = usage_of(answer.get("usage"))
        if usage and results:
            results[0].usage = call_usage(usage.total_tokens, Meter.TOKEN)
        return results


def _judgement(row: Any, place: int) -> ModerationResult:
    """Return a judgement. One that says nothing is an error: it must not pass for "safe"."""
    values = row if isinstance(row, Mapping) else {}
    categories, flagged = values.get("categories"), values.get("flagged")
    if not isinstance(categories, Mapping) and not isinstance(flagged, bool):
        raise InvokeServerUnavailableError(f"results[{place}]: the provider's judgement says nothing")
    named = (
        [name for name, harmful in categories.items() if harmful] if isinstance(categories, Mapping) else []
    )
    harmful = flagged if isinstance(flagged, bool) else bool(named)
    scores = object_of(values.get("category_scores"))
    return ModerationResult(
        result=harmful,
        categories=named,
        category_scores={name: score for name, score in scores.items() if isinstance(score, int | float)},
    )
