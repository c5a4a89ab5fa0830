"""As much of curl as the pages use, for machines without it: -s, -H, -d, -b, -c, -D, and an address."""

from __future__ import annotations

import argparse
import sys
import urllib.error
import urllib.request
from pathlib import Path


def main() -> None:
    """Send one request and write the answer's body."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d")
    parser.add_argument("-b")
    parser.add_argument("-c")
    parser.add_argument("-D", dest="head", type=Path)
    given = parser.parse_args()
    headers = dict(line.split(": ", 1) for line in given.H)
    data = given.d.encode() if given.d is not None else None
    if given.b is not None:
        headers["Cookie"] = Path(given.b).read_text()
    request = urllib.request.Request(given.url, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            if given.c is not None:
                Path(given.c).write_text(answer.headers.get("Set-Cookie", "").partition(";")[0])
            if given.head:
                given.head.write_text(str(answer.headers))
            sys.stdout.write(answer.read().decode())
    except urllib.error.HTTPError as error:
        sys.stdout.write(error.read().decode())


if __name__ == "__main__":
    main()
