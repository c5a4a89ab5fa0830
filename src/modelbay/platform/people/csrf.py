"""Proof that a request comes from our own page: only that can read what it has to send."""

from __future__ import annotations

import hashlib
import hmac


def csrf_token(session_token: str) -> str:
    """Return what a page has to send with each change; it is bound to the session and says nothing of it."""
    return hmac.new(_bytes(session_token), b"modelbay csrf", hashlib.sha256).hexdigest()


def is_csrf_token(session_token: str, given: str) -> bool:
    """Whether a request has sent what belongs to its session."""
    return bool(session_token) and hmac.compare_digest(_bytes(csrf_token(session_token)), _bytes(given))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
