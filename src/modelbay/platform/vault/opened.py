"""What comes out of the vault: a secret that cannot be printed, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import Final, Literal, NoReturn

Reason = Literal["not-sealed", "unknown-version", "no-key", "no-master", "other-master", "damaged"]

_SENTENCES: Final[dict[Reason, str]] = {
    "not-sealed": "what is stored is not a sealed secret: enter the secret again",
    "unknown-version": "a newer Modelbay has sealed it: update this one",
    "no-key": "the key pair that it was sealed for is not stored: restore it, or enter the secret again",
    "no-master": "the master key cannot be read: see modelbay vault status",
    "other-master": "it is kept under another master key than this process has: see modelbay vault status",
    "damaged": "it is damaged, or was moved here from another place: enter the secret again",
}


class Secret:
    """One opened secret, held like `Credentials`: it never shows, and cannot be pickled or copied."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the plain text, for the plugin that needs it and for nothing else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        ours, theirs = (secret.encode("utf-8", "surrogatepass") for secret in (self._text, other._text))
        return compare_digest(ours, theirs)

    __hash__ = None  # type: ignore[assignment]  # a hash would say something about the text

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied out of the process")


@dataclass(frozen=True, slots=True)
class SecretUnreadable:
    """A secret that cannot be opened: a status to show, never passed on, never an exception out of a list."""

    reason: Reason
    record: str
    field: str

    def __str__(self) -> str:
        return f"{self.field}: {_SENTENCES[self.reason]}"


def sentence(reason: Reason) -> str:
    """Return what is wrong and what to do, for a person."""
    return _SENTENCES[reason]
