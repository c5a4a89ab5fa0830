"""Whatever is sent, what is answered is what the description says: schemathesis, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import pytest
from tests.gateway.api.site import Person, Site

from modelbay.platform.people.permissions import Role

pytest.importorskip("schemathesis", reason="a tool of the build, which pyproject names")

_ENDING: Final = ("signOut", "revokeSession")
"""End the session that asks, after which all the rest would be 401."""
_EXAMPLES: Final = 8
_CONFIG: Final = """
color = false
warnings = false

[generation]
deterministic = true
database = "none"
max-examples = {examples}

[auth.openapi.session]
api_key = "{token}"

[auth.openapi.key]
bearer = "{key}"

[headers]
x-csrf-token = "{csrf}"

[parameters]
"path.workspace" = "{workspace}"
"header.x-csrf-token" = "{csrf}"

[checks]
# What a schema cannot say: that a cursor was given out, that a provider exists, that a form is filled in.
# A precondition that fails is a refusal too.
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 412, 415, 422, 429]
positive_data_acceptance.expected-statuses = [200, 201, 204, 401, 403, 404, 409, 412, 422, 429]
"""


def config(person: Person, workspace: str, key: str) -> str:
    """Return what schemathesis is told."""
    csrf = person.headers["x-csrf-token"]
    return _CONFIG.format(examples=_EXAMPLES, token=person.token, key=key, csrf=csrf, workspace=workspace)


async def test_any_request_is_answered_as_described(site: Site, installation: str, tmp_path: Path) -> None:
    """Statuses, headers, bodies, what is refused and what is taken: all of it is in the description."""
    workspace = "default" if installation == "sqlite" else site.workspace()
    person = site.person(Role.OWNER, workspace)
    given = tmp_path / "schemathesis.toml"
    given.write_text(config(person, workspace, site.key(workspace).secret))

    ran = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(given)),
        *("run", f"{site.served.url}/api/openapi.json", "--phases", "coverage,fuzzing", "--workers", "1"),
        *(part for each in _ENDING for part in ("--exclude-operation-id", each)),
        cwd=tmp_path,
        env=os.environ | {"NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await ran.communicate()

    assert ran.returncode == 0, "\n".join(line[:300] for line in said.decode().splitlines())
