"""How clients of Cohere are told of errors."""

from __future__ import annotations

from typing import Any

from modelbay.errors import ModelbayError


class CohereErrors:
    """Writes `{"message": …}` with the id of the request."""

    def from_error(self, error: ModelbayError, request_id: str) -> dict[str, Any]:
        """Return the body that goes with the status, with the upstream's words if it was the upstream's."""
        return {"id": request_id, "message": error.description}


ERRORS = CohereErrors()
