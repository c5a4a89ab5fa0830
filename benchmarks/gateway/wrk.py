"""wrk, where it is installed: it costs less than a client in Python, which leaves more to the upstream."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from array import array
from pathlib import Path

from benchmarks.gateway.load import Outcome, Target

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_SCRIPT = """
wrk.method = "POST"
{headers}
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
"""


def installed() -> bool:
    """Tell whether wrk can be run."""
    return shutil.which("wrk") is not None


async def wrk(target: Target, path: str, body: bytes, *, connections: int, seconds: float) -> Outcome:
    """Call as often as possible for some time; of the latencies only p50 and p99 are known, and given."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "body").write_bytes(body)
        headers = {"content-type": "application/json", **target.headers}
        lines = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items())
        script = Path(folder) / "call.lua"
        script.write_text(_SCRIPT.format(headers=lines, body=Path(folder) / "body"))
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}s",
            "--latency",
            "-s",
            str(script),
        ]
        process = await asyncio.create_subprocess_exec(
            *command, f"http://{target.host}:{target.port}{path}", stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
    return read(output.decode())


def read(output: str) -> Outcome:
    """Read what wrk prints."""
    outcome = Outcome()
    if not (total := re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)", output)):
        outcome.errors["wrk did not run"] += 1
        return outcome
    outcome.seconds = float(total[2]) * _UNITS[total[3]]
    parts = re.findall(r"^ *(50|99)% +([\d.]+)(us|ms|s|m)", output, re.MULTILINE)
    outcome.latencies = array("d", [float(value) * _UNITS[unit] for _, value, unit in parts])
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    counts = {
        "refused": int(refused[1]) if refused else 0,
        "broken": sum(map(int, broken.groups())) if broken else 0,
    }
    outcome.errors.update({what: count for what, count in counts.items() if count})
    outcome.answered = int(total[1]) - counts["refused"]
    return outcome
