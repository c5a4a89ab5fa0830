"""Settings of all tests, and the databases that any of them may ask for."""

from __future__ import annotations

import os
import signal

from hypothesis import settings
from tests.platform.databases import backend, own_server, postgres
from tests.platform.redis import own_redis, redis, redis_of_all, shared_backend

__all__ = ["backend", "own_redis", "own_server", "postgres", "redis", "redis_of_all", "shared_backend"]

# A slow machine is no fault of the code, so nothing is timed; the build tries the same examples every time.
settings.register_profile("here", deadline=None)
settings.register_profile("build", deadline=None, derandomize=True)
settings.load_profile("build" if os.environ.get("CI") else "here")

# Tests write: never to a database that whoever runs them works with.
os.environ.pop("MODELBAY_DATABASE_URL", None)
os.environ.pop("MODELBAY_REDIS_URL", None)

# A shell has what it starts in the background ignore Ctrl-C, and what tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
