"""How clients of Jina are told of errors."""

from __future__ import annotations

from typing import Any

from modelbay.errors import ModelbayError


class JinaErrors:
    """Writes `{"detail": …}`, and for a client of Cohere's at the same address its `message` too."""

    def from_error(self, error: ModelbayError, request_id: str) -> dict[str, Any]:
        """Return the body that goes with the status, with the upstream's words if it was the upstream's."""
        return {"detail": error.description, "message": error.description, "id": request_id}


ERRORS = JinaErrors()
