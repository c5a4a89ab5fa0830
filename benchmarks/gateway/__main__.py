"""Measure the gateway beside nginx, same upstream, same load: `python -m benchmarks gateway [--quick]`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from benchmarks.gateway import calls, lasting, subjects
from benchmarks.gateway.bench import FULL, QUICK, Bench, Scale
from benchmarks.gateway.process import idle_seconds
from benchmarks.gateway.report import Report, machine
from benchmarks.gateway.servers import Cores, Server, raise_limits, serving, upstream
from benchmarks.gateway.subjects import CHAT, CLAUDE, EMBEDDINGS, Subject, UnavailableError

Scenario = Callable[[Bench], Awaitable[None]]
SCENARIOS: Mapping[str, Scenario] = {
    each.__name__: each
    for each in (
        *(
            lasting.start,
            calls.unary,
            calls.single,
            calls.burst,
            calls.paced,
            calls.translated,
            calls.embeddings,
        ),
        *(calls.large, lasting.idle, lasting.ledger, lasting.workers, lasting.growth),
    )
}
SUBJECTS: Mapping[str, Callable[[], Subject]] = {
    each.__name__: each for each in (subjects.direct, subjects.nginx, subjects.relay, subjects.modelbay)
}
_LOOK, _QUIET = (
    0.5,
    0.15,
)  # seconds to look at the cores before anything is started; the part that may be busy
RESULTS = Path(__file__).parent.parent / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every figure of ours is within its goal, 1 if one is not, 2 if there is none."""
    options = _options().parse_args(arguments)
    scale = replace(
        QUICK if options.quick else FULL, **({"rounds": options.rounds} if options.rounds else {})
    )
    console = Console(stderr=True)
    allowed, cores = os.sched_getaffinity(0), Cores.here()
    os.sched_setaffinity(0, cores.load)
    try:
        report = uvloop.run(_measure(options, scale, cores, console))
    finally:
        os.sched_setaffinity(0, allowed)
    if not report.rows:
        console.print("\n".join(report.notes) or "nothing was measured")
        return 2
    path = report.write(Path(options.results))
    Console(width=None if sys.stdout.isatty() else 150).print(report.table())
    console.print(f"written: {path} and .json")
    if report.ours and not any(report.ours in row.values for row in report.rows.values()):
        return 2
    return 1 if report.missed else 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m benchmarks gateway", description=__doc__)
    options.add_argument("--quick", action="store_true", help="under a minute, rougher")
    options.add_argument("--rounds", type=int, help="how often each is measured; the median counts")
    options.add_argument(
        "--only", nargs="+", choices=SCENARIOS, metavar="SCENARIO", help=", ".join(SCENARIOS)
    )
    options.add_argument(
        "--subjects", nargs="+", choices=SUBJECTS, metavar="SUBJECT", help=", ".join(SUBJECTS)
    )
    options.add_argument("--results", default=str(RESULTS), help="the folder for JSON and Markdown")
    options.add_argument("--upstream-port", type=int, default=0, help="where the upstream listens; for --url")
    other = options.add_argument_group(
        "another OpenAI-compatible gateway, already running in front of the upstream"
    )
    other.add_argument("--url", help="such as http://127.0.0.1:4000")
    other.add_argument("--name", default="other", help="the heading of its column")
    other.add_argument("--key", default="", help="sent as bearer token and as x-api-key")
    other.add_argument(
        "--pid", type=int, default=0, help="its process: without it neither CPU nor memory is known"
    )
    other.add_argument(
        "--model", default="gpt-4.1-mini", help="its name for a model of the upstream's OpenAI API"
    )
    other.add_argument("--claude-model", help="its name for a model of the upstream's Anthropic API")
    other.add_argument("--embedding-model", help="its name for an embedding model of the upstream")
    return options


def _chosen(options: argparse.Namespace) -> list[Subject]:
    """Return what to measure; `direct` comes first, since others are measured above it."""
    if not options.url:
        default = ["direct", "nginx", "modelbay"] if options.quick else [*SUBJECTS]
        names = options.subjects or default
        return [make() for name, make in SUBJECTS.items() if name in names]
    names = options.subjects or ["direct", "nginx"]
    models = {CHAT: options.model, CLAUDE: options.claude_model, EMBEDDINGS: options.embedding_model}
    known = {kind: model for kind, model in models.items() if model}
    other = subjects.elsewhere(options.name, options.url, options.key, known, options.pid)
    return [*(make() for name, make in SUBJECTS.items() if name in names), other]


async def _measure(options: argparse.Namespace, scale: Scale, cores: Cores, console: Console) -> Report:
    chosen = _chosen(options)
    report = Report([subject.name for subject in chosen], _ours(chosen), machine())
    if cores.subject == cores.load:
        report.note("only one core: subject, upstream and load disturb each other")
    await _look_for_others(cores, report)
    scale = replace(scale, idle=min(scale.idle, raise_limits() // 3))
    try:
        async with AsyncExitStack() as stack:
            provider = await stack.enter_async_context(upstream(cores.load, options.upstream_port))
            servers = await _servers(stack, chosen, provider, cores, report)
            await _run(Bench(scale, report, servers, provider, cores), options.only or [*SCENARIOS], console)
    except UnavailableError as error:
        report.note(str(error))
    return report


async def _look_for_others(cores: Cores, report: Report) -> None:
    """Note it if the cores have other work.

    A server that has to wait for its core finds more chunks at once, and reads them cheaper than it would.
    """
    both = cores.subject | cores.load
    before = idle_seconds(both)
    await asyncio.sleep(_LOOK)
    busy = 1 - (idle_seconds(both) - before) / _LOOK / len(both)
    if busy > _QUIET:
        report.note(f"the machine is not quiet ({busy:.0%} busy before anything began): look only at ratios")


def _ours(chosen: Sequence[Subject]) -> str:
    """Return the subject that the goals are for: ours, or the other gateway."""
    return next((subject.name for subject in chosen if subject.ours or subject.url), "")


async def _servers(
    stack: AsyncExitStack,
    chosen: Sequence[Subject],
    provider: tuple[int, int],
    cores: Cores,
    report: Report,
) -> list[Server]:
    """Start all that can be started here; what cannot is noted."""
    servers = []
    for subject in chosen:
        try:
            servers.append(await stack.enter_async_context(serving(subject, provider, cores.subject)))
        except (UnavailableError, OSError) as error:
            report.note(f"{subject.name} is skipped: {error}")
    return servers


async def _run(bench: Bench, names: Sequence[str], console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Drawn only between the rounds: a progress bar that moves by itself would delay the load.
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
        for name in names:
            rounds = 1 if name == "growth" else bench.scale.rounds
            task = progress.add_task(name, total=rounds)
            bench.tick = partial(_advance, progress, task)
            progress.refresh()
            try:
                await SCENARIOS[name](bench)
            except (UnavailableError, OSError, asyncio.IncompleteReadError) as error:
                bench.report.note(f"{name} broke off: {error}")
            progress.update(task, completed=rounds)


def _advance(progress: Progress, task: TaskID) -> None:
    progress.advance(task)
    progress.refresh()


if __name__ == "__main__":
    sys.exit(main())
