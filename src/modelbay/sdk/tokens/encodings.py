"""OpenAI's published encodings, with the vocabularies that ship in this package.

The expressions and the sizes are those of tiktoken (MIT licence), as are the SHA-256 sums, which prove that
a shipped vocabulary is the published one.
Source: https://github.com/openai/tiktoken/blob/main/tiktoken_ext/openai_public.py (version 0.14.0).
"""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from modelbay.sdk.tokens.slices import Slice, slices
from modelbay.sdk.tokens.token_count import TokenCount

if TYPE_CHECKING:
    import tiktoken

PACKED = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "r50k_base": "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
}
"""The vocabularies in this package, each with the SHA-256 of its published rank file."""

_R50K = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
_CL100K = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"""
    r"""|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)
_O200K_UPPER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}"
_O200K_LOWER = r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
_O200K = "|".join(
    [
        rf"""[^\r\n\p{{L}}\p{{N}}]?[{_O200K_UPPER}]*[{_O200K_LOWER}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        rf"""[^\r\n\p{{L}}\p{{N}}]?[{_O200K_UPPER}]+[{_O200K_LOWER}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""\p{N}{1,3}""",
        r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""",
        r"""\s*[\r\n]+""",
        r"""\s+(?!\S)""",
        r"""\s+""",
    ]
)
EXPRESSIONS = {
    "o200k_base": _O200K,
    "cl100k_base": _CL100K,
    "p50k_base": _R50K,
    "r50k_base": _R50K,
}
"""The encodings there are, each with the expression that splits text into pieces."""

_SHORT = 4096  # characters that are counted faster than a thread is handed work

_loaded: dict[str, Encoding] = {}
_loading = threading.Lock()


class Encoding:
    """One vocabulary with its rules. Special tokens in a text (`<|endoftext|>`) count as ordinary text."""

    def __init__(self, name: str, tokenizer: tiktoken.Encoding) -> None:
        """Wrap a built tokenizer; use `load_encoding` to get one."""
        self.name = name
        self._tokenizer = tokenizer

    def __repr__(self) -> str:
        return f"<Encoding {self.name}>"

    def encode(self, text: str) -> list[int]:
        """Return the token numbers of a text."""
        return [token for part in slices(text) for token in self._tokenizer.encode_ordinary(part.text)]

    def decode(self, tokens: list[int]) -> str:
        """Return the text of tokens; a character that is cut at either end becomes U+FFFD."""
        return self._tokenizer.decode(tokens)

    def count(self, text: str) -> TokenCount:
        """Count the tokens of a text.

        Exact, except for a text with a run of more than 262,144 blanks, where it may be off by a few tokens.
        """
        return self._sum(map(self._count_slice, slices(text)))

    async def count_async(self, text: str) -> TokenCount:
        """Count on a worker thread, slice by slice: the loop stays free, and a cancelled count stops soon."""
        if len(text) <= _SHORT:
            return self.count(text)
        parts = slices(text)
        counts = []
        while (count := await asyncio.to_thread(self._count_next, parts)) is not None:
            counts.append(count)
        return self._sum(iter(counts))

    def _count_next(self, parts: Iterator[Slice]) -> TokenCount | None:
        part = next(parts, None)
        return None if part is None else self._count_slice(part)

    def _count_slice(self, part: Slice) -> TokenCount:
        return TokenCount(len(self._tokenizer.encode_ordinary(part.text)), part.clean, self.name)

    def _sum(self, counts: Iterator[TokenCount]) -> TokenCount:
        return sum(counts, TokenCount(0, True, self.name))


def vocabulary_path(name: str) -> Traversable:
    """Return where the packed vocabulary of that name is kept."""
    return resources.files(__package__) / "vocabularies" / f"{name}.bin.z"


def ranks_of(name: str) -> dict[bytes, int]:
    """Return every token of an encoding with its rank."""
    data = zlib.decompress(vocabulary_path("r50k_base" if name == "p50k_base" else name).read_bytes())
    count = int.from_bytes(data[:4], "little")
    ends = accumulate(data[4 : 4 + count], initial=4 + count)
    ranks = {data[start:end]: rank for rank, (start, end) in enumerate(pairwise(ends))}
    if name == "p50k_base":  # r50k_base and runs of 2 to 25 spaces, behind the special token 50256
        ranks |= {b" " * length: 50255 + length for length in range(2, 26)}
    return ranks


def load_encoding(name: str) -> Encoding:
    """Return an encoding, built at the first call and then kept.

    Building takes 0.1 to 0.3 s. Its last part is one native call that holds the interpreter (0.04 s for
    r50k_base, 0.06 s for cl100k_base, 0.17 s for o200k_base): a server calls `preload` before it serves.

    Raises:
        KeyError: No such encoding (`EXPRESSIONS` lists them).
    """
    if (ready := _loaded.get(name)) is not None:
        return ready
    with _loading:
        if name not in _loaded:
            _loaded[name] = _build(name)
        return _loaded[name]


def is_loaded(name: str) -> bool:
    """Say whether the encoding has been built in this process."""
    return name in _loaded


def _build(name: str) -> Encoding:
    import tiktoken  # noqa: PLC0415 - 2 MB that a program which never counts should not pay for

    expression = EXPRESSIONS[name]
    ranks = ranks_of(name)
    tokenizer = tiktoken.Encoding(name, pat_str=expression, mergeable_ranks=ranks, special_tokens={})
    ranks.clear()  # the tokenizer has its own copy; this frees 20 MB
    return Encoding(name, tokenizer)


def gpt2_tokens(text: str) -> int:
    """Count the tokens of a text in GPT-2's encoding, which is r50k_base.

    Exact at any length; Dify takes a text of 100,000 or more characters for one token per character.
    """
    return load_encoding("r50k_base").count(text).tokens
