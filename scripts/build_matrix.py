"""Run every conformance case of every built-in provider and write down how many passed.

python -m scripts.build_matrix            all providers: some minutes
python -m scripts.build_matrix openai …   these only; the others keep what is written

The result is data of the package: `modelbay providers --matrix` and the reference show it, and the tests hold
it to what the suite says.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.providers.arrangement import Arrangement
from tests.providers.arrangements import ARRANGEMENTS

from modelbay.sdk.testing.conformance import CAPABILITIES, Case, cases

FILE = Path(__file__).resolve().parents[1] / "src/modelbay/providers/conformance.json"


def applicable(arrangement: Arrangement) -> list[Case]:
    """Return the cases that a provider has to pass, called that way."""
    return cases(*arrangement.models, abilities=arrangement.abilities)


def counted(found: Iterable[Case]) -> dict[str, int]:
    """Return how many cases there are of each capability."""
    counts = Counter(case.capability for case in found)
    return {name: counts[name] for name in CAPABILITIES if counts[name]}


async def row_of(arrangement: Arrangement) -> dict[str, Any]:
    """Run the cases of one arrangement."""
    due = applicable(arrangement)
    passed = [case for case in due if await _passes(arrangement, case)]
    return {"provider": arrangement.provider, "cases": counted(due), "passed": counted(passed)}


async def _passes(arrangement: Arrangement, case: Case) -> bool:
    try:
        async with arrangement.subject() as subject:
            await case(subject)
    except Exception as error:  # noqa: BLE001 - whatever a case raises, it has not passed
        sys.stderr.write(f"{arrangement}: {case}: {type(error).__name__}: {error}\n")
        return False
    return True


def main(names: list[str]) -> int:
    """Write the file; exit code 1 if a case fails."""
    rows = json.loads(FILE.read_text("utf-8")) if names and FILE.is_file() else {}
    for arrangement in ARRANGEMENTS:
        if not names or arrangement.provider in names:
            sys.stderr.write(f"{arrangement} …\n")
            rows[arrangement.name] = asyncio.run(row_of(arrangement))
    known = {arrangement.name for arrangement in ARRANGEMENTS}
    rows = {name: row for name, row in sorted(rows.items()) if name in known}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", "utf-8")
    return int(any(row["cases"] != row["passed"] for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
