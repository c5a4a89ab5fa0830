"""Write docs/reference and the table of providers in README.md from the code.

python -m scripts.build_reference            write
python -m scripts.build_reference --check    say what differs; exit code 1 if anything does
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.reference.pages import pages
from scripts.reference.providers import providers_table

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
README = ROOT / "README.md"
_BEGIN, _END = "<!-- providers: generated -->", "<!-- end of providers -->"


def wanted() -> dict[Path, str]:
    """Return every file that is written from the code, with its content."""
    return {README: with_table(README.read_text("utf-8"))} | {
        REFERENCE / name: text for name, text in pages().items()
    }


def with_table(readme: str) -> str:
    """Return the README with the current table of providers between its marks."""
    before, begin, rest = readme.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise SystemExit(f"README.md lacks the marks {_BEGIN} and {_END}")
    return f"{before}{begin}\n\n{providers_table()}\n\n{end}{after}"


def differing(files: dict[Path, str]) -> Iterator[Path]:
    """Yield the files that are not as the code says, those that no page belongs to among them."""
    for path, text in files.items():
        if not path.is_file() or path.read_text("utf-8") != text:
            yield path
    found = (path for path in sorted(REFERENCE.rglob("*")) if path.is_file())
    yield from (path for path in found if path not in files)


def main(arguments: list[str]) -> int:
    """Write the files, or check them."""
    files = wanted()
    changed = list(differing(files))
    if "--check" in arguments:
        sys.stdout.writelines(f"{path.relative_to(ROOT)} is not what the code says\n" for path in changed)
        return 1 if changed else 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for path in changed:
        if path in files:
            path.parent.mkdir(exist_ok=True)
            path.write_text(files[path], "utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
