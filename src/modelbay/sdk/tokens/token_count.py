"""The answer of every count."""

from __future__ import annotations

from dataclasses import dataclass

ESTIMATE = "estimate"


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A number of tokens. Add counts with `+`: a sum is exact if all its terms are.

    `method` is the encoding counted with (`o200k_base`, …), `upstream` where the provider itself counted, or
    `estimate` where the model's encoding is not published.
    """

    tokens: int
    exact: bool
    method: str

    def __int__(self) -> int:
        return self.tokens

    def __index__(self) -> int:
        return self.tokens

    def __add__(self, other: TokenCount) -> TokenCount:
        method = self.method if other.method in {self.method, ESTIMATE} else other.method
        return TokenCount(self.tokens + other.tokens, self.exact and other.exact, method)
