"""What can go wrong between here and the upstream, before it becomes an error of the tree."""

from __future__ import annotations

__all__ = ["WireError"]


class WireError(Exception):
    """The connection could not be made, broke, or carried something that is not HTTP.

    Attributes:
        sent: Whether any part of the request may have reached the upstream.
        answered: Whether any byte of an answer had arrived.
        lasting: Whether repeating is pointless (a certificate, a proxy's refusal).
        invalid: Whether the upstream did answer, but wrongly.
    """

    def __init__(
        self,
        description: str,
        *,
        sent: bool = True,
        answered: bool = False,
        lasting: bool = False,
        invalid: bool = False,
    ) -> None:
        super().__init__(description)
        self.description = description
        self.sent = sent
        self.answered = answered
        self.lasting = lasting
        self.invalid = invalid
