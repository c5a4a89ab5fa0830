"""What is measured, and how each is started. All that is assumed about `modelbay serve` stands here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
CHAT, CLAUDE, EMBEDDINGS = "chat", "claude", "embeddings"
PLAIN = {CHAT: "gpt-4.1-mini", EMBEDDINGS: "text-embedding-3-small"}
MODELBAY = "modelbay"


@dataclass(frozen=True, slots=True)
class Subject:
    """One server to measure.

    Args:
        models: The model for each of CHAT (the upstream speaks OpenAI), CLAUDE (Anthropic), EMBEDDINGS; what
            is not there is not measured.
        prepare: Makes what the server needs in a folder, for the upstream at a port; gives its key.
        command: The command that serves, given folder, port of the upstream, own port and number of workers.
        records: Counts the calls that the server has on record; None if it keeps none.
        url, key, pid: Of a server that somebody else started, instead of `command`.
    """

    name: str
    models: Mapping[str, str] = field(default_factory=lambda: PLAIN)
    command: Callable[[Path, int, int, int], Sequence[str]] | None = None
    prepare: Callable[[Path, int], str] = lambda folder, upstream: ""
    environment: Callable[[Path, int], Mapping[str, str]] = lambda folder, upstream: {}
    records: Callable[[Path], int] | None = None
    ready: str = "/readyz"
    ours: bool = False
    url: str = ""
    key: str = ""
    pid: int = 0


def program() -> str:
    """Return the command `modelbay` of this environment."""
    return str(Path(sys.executable).parent / "modelbay")


def _modelbay_environment(folder: Path, upstream: int) -> Mapping[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "OPENAI_API_KEY": "sk-0000000000000000",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{upstream}/v1",
        "ANTHROPIC_API_KEY": "sk-ant-0000000000000000",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{upstream}",
    }


def _ask_modelbay(folder: Path, upstream: int, *arguments: str) -> Any:
    """Run a command of ours that answers with JSON."""
    command = [program(), *arguments, "--data-dir", str(folder / "data"), "--json"]
    done = subprocess.run(
        command, env=_modelbay_environment(folder, upstream), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UnavailableError(
            f"`modelbay {' '.join(arguments)}` failed: {(done.stderr or done.stdout).strip()[-300:]}"
        )
    return json.loads(done.stdout)


def _modelbay_records(folder: Path) -> int:
    """Return how many calls the ledger holds."""
    return sum(row["calls"] for row in _ask_modelbay(folder, 0, "usage", "--since", "all"))


class UnavailableError(Exception):
    """A subject cannot be measured here; the message says why."""


def modelbay() -> Subject:
    """Return our gateway, with an own data directory and both providers pointed at the upstream."""
    return Subject(
        name=MODELBAY,
        models={
            CHAT: "openai/gpt-4.1-mini",
            CLAUDE: "anthropic/claude-haiku-5-5",
            EMBEDDINGS: "openai/text-embedding-3-small",
        },
        prepare=lambda folder, upstream: str(_ask_modelbay(folder, upstream, "key", "create")["key"]),
        command=lambda folder, upstream, port, workers: [
            *(program(), "serve", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", str(workers), "--data-dir", str(folder / "data")),
        ],
        environment=_modelbay_environment,
        records=_modelbay_records,
        ours=True,
    )


_NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
worker_processes {workers};
worker_rlimit_nofile {files};
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_body_buffer_size 1m;
  client_max_body_size 64m;
  keepalive_requests 1000000000;
  upstream provider {{ server 127.0.0.1:{upstream}; keepalive 2048; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    location = /readyz {{ return 200 "ready"; }}
    location / {{
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 600s;
    }}
  }}
}}
"""


def _nginx_command(folder: Path, upstream: int, port: int, workers: int) -> Sequence[str]:
    values = {"folder": folder, "upstream": upstream, "port": port, "workers": workers}
    user = f"user {'root' if os.geteuid() == 0 else ''};\n" if os.geteuid() == 0 else ""
    path = folder / "nginx.conf"
    path.write_text(user + _NGINX.format(**values, files=40_000, connections=20_000))
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not found:
        raise UnavailableError("nginx is not installed (`apt-get install nginx-light`)")
    return [found, "-p", str(folder), "-c", str(path)]


def nginx() -> Subject:
    """Return nginx as a plain proxy: connections kept, nothing buffered."""
    return Subject(name="nginx", command=_nginx_command)


def relay() -> Subject:
    """Return the floor of Python, see `benchmarks.gateway.relay`."""
    return Subject(
        name="relay",
        command=lambda folder, upstream, port, workers: [
            *(
                sys.executable,
                "-m",
                "benchmarks.gateway.relay",
                "--upstream",
                str(upstream),
                "--port",
                str(port),
            )
        ],
        ready="/v1/models",
    )


def direct() -> Subject:
    """Return the upstream itself, which every other figure has under it."""
    return Subject(name="direct", ready="/v1/models")


def elsewhere(name: str, url: str, key: str, models: Mapping[str, str], pid: int) -> Subject:
    """Return a gateway that somebody else started, in front of the upstream at a port that both know."""
    return Subject(name=name, url=url, key=key, models=models, pid=pid)
