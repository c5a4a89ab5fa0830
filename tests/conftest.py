"""Settings of all tests, and the databases that any of them may ask for."""

from __future__ import annotations

import os

from hypothesis import settings
from tests.platform.databases import backend, own_server, postgres

__all__ = ["backend", "own_server", "postgres"]

# A slow machine is no fault of the code, so nothing is timed; the build tries the same examples every time.
settings.register_profile("here", deadline=None)
settings.register_profile("build", deadline=None, derandomize=True)
settings.load_profile("build" if os.environ.get("CI") else "here")

# Tests write: never to a database that whoever runs them works with.
os.environ.pop("MODELBAY_DATABASE_URL", None)
