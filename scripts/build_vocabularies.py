"""Pack OpenAI's published rank files into the form that ships in `modelbay.sdk.tokens`.

    python scripts/build_vocabularies.py FOLDER

FOLDER holds `o200k_base.tiktoken`, `cl100k_base.tiktoken` and `r50k_base.tiktoken`, as published under
https://openaipublic.blob.core.windows.net/encodings/. A file whose SHA-256 is not the published one is
refused, so it does not matter from where the files were fetched. Run again only to add a vocabulary.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import zlib
from pathlib import Path

from modelbay.sdk.tokens.encodings import PACKED, vocabulary_path


def tokens_of(ranks: bytes) -> list[bytes]:
    """Read the tokens of a published rank file, which must be numbered from 0 without a gap."""
    tokens = []
    for number, line in enumerate(ranks.splitlines()):
        token, rank = line.split()
        if int(rank) != number:
            raise ValueError(f"line {number + 1} has rank {int(rank)}, expected {number}")
        tokens.append(base64.b64decode(token))
    return tokens


def pack(tokens: list[bytes]) -> bytes:
    """Number of tokens (4 bytes, little-endian), then one length byte a token, then the tokens; deflated."""
    lengths = bytes(map(len, tokens))
    return zlib.compress(len(tokens).to_bytes(4, "little") + lengths + b"".join(tokens), 9)


def main(folder: Path) -> None:
    """Pack every vocabulary, after all of them have been found genuine."""
    packed = {}
    for name, published in PACKED.items():
        ranks = (folder / f"{name}.tiktoken").read_bytes()
        if hashlib.sha256(ranks).hexdigest() != published:
            raise SystemExit(f"{name}.tiktoken is not the published file (SHA-256 differs)")
        packed[name] = pack(tokens_of(ranks))
    for name, data in packed.items():
        Path(str(vocabulary_path(name))).write_bytes(data)
        sys.stdout.write(f"{name}: {len(data):,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
