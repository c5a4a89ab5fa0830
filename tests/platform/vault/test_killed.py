"""The rotation of the master key, killed at any point: nothing is lost, and doing it again completes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_a_rotation_that_is_killed_anywhere_loses_nothing(tmp_path: Path) -> None:
    """Between the database and the file of the master key is a moment when only one of them has changed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.platform.vault.kill_rotation", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 50
