"""Settings of all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# A slow machine is no fault of the code, so nothing is timed; the build tries the same examples every time.
settings.register_profile("here", deadline=None)
settings.register_profile("build", deadline=None, derandomize=True)
settings.load_profile("build" if os.environ.get("CI") else "here")
