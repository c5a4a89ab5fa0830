"""What starting costs, in fresh processes with compiled bytecode, as an installed package has it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.figure import Figure, Rounds, scaled

IMPORTS = {"import modelbay": 0.15, "import modelbay.sdk": None, "from modelbay import Modelbay": 0.6}
MEMORY_GOAL_MB = {"import modelbay": 40.0}
HELP_GOAL = 0.3
_CHILD = """
import time
began = time.perf_counter()
{statement}
print(time.perf_counter() - began)
with open("/proc/self/status") as status:  # ru_maxrss would count the parent before exec
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def imports(rounds: Rounds) -> list[Figure]:
    """Measure imports on the wall from inside their process, `modelbay --help` from outside."""
    seconds: dict[str, list[float]] = {statement: [] for statement in IMPORTS}
    megabytes: dict[str, list[float]] = {statement: [] for statement in IMPORTS}
    helps: list[float] = []
    with tempfile.TemporaryDirectory() as bytecode:
        environment = _environment(bytecode)
        _help_seconds(environment)  # compiles the command line; each statement is compiled below
        for statement in IMPORTS:
            _import(statement, environment)
        for _ in rounds:
            for statement in IMPORTS:
                took, memory = _import(statement, environment)
                seconds[statement].append(took)
                megabytes[statement].append(memory)
            helps.append(_help_seconds(environment))
    return [
        *(
            Figure(statement, "ms", scaled(seconds[statement], 1e3), goal and goal * 1e3)
            for statement, goal in IMPORTS.items()
        ),
        *(
            Figure(f"{statement}: memory", "MB", tuple(values), MEMORY_GOAL_MB.get(statement))
            for statement, values in megabytes.items()
        ),
        Figure("modelbay --help", "ms", scaled(helps, 1e3), HELP_GOAL * 1e3),
    ]


def _environment(bytecode: str) -> Mapping[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, "PYTHONPYCACHEPREFIX": bytecode}


def _import(statement: str, environment: Mapping[str, str]) -> tuple[float, float]:
    """Return the seconds of an import and the most memory of its process, in MB."""
    command = [sys.executable, "-c", _CHILD.format(statement=statement)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    took, kilobytes = done.stdout.split()
    return float(took), int(kilobytes) / 1024


def _help_seconds(environment: Mapping[str, str]) -> float:
    command = [str(Path(sys.executable).with_name("modelbay")), "--help"]
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
