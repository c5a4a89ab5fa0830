"""The demo from its first line to its exit code."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from modelbay.catalog import Catalog
from modelbay.cli.choose import SANDBOX, Choice, sandbox
from modelbay.cli.console import new_console
from modelbay.cli.demo.harm import show_moderation
from modelbay.cli.demo.plan import plan
from modelbay.cli.demo.screen import Screen
from modelbay.cli.demo.speech import show_speech
from modelbay.cli.demo.stage import Stage
from modelbay.cli.demo.summary import show_summary
from modelbay.cli.demo.talk import show_chat
from modelbay.cli.demo.vectors import show_embedding, show_rerank
from modelbay.cli.errors import OK, Mistake, exit_code
from modelbay.entities import ModelType
from modelbay.errors import ModelbayError


class _Section(NamedTuple):
    title: str
    kinds: tuple[ModelType, ...]
    show: Callable[[Stage], None]


_SECTIONS = (
    _Section("Chat with a tool", (ModelType.LLM,), show_chat),
    _Section("Embedding", (ModelType.TEXT_EMBEDDING,), show_embedding),
    _Section("Reranking", (ModelType.RERANK,), show_rerank),
    _Section("Speech and back", (ModelType.TTS, ModelType.SPEECH2TEXT), show_speech),
    _Section("Moderation", (ModelType.MODERATION,), show_moderation),
)


def run_demo(choice: Choice, output: Path | None) -> int:
    """Show all sections, whatever becomes of one; return the exit code of the first that failed, else 0."""
    folder = _folder(output)
    catalog = Catalog()
    screen = Screen(new_console())
    screen.title(_introduction(choice, catalog))
    with choice.open_bay() as bay:
        stage = Stage(bay, screen, plan(choice, sandbox(catalog)), folder)
        for number, section in enumerate(_SECTIONS, 1):
            _perform(stage, number, section)
    outcomes = list(stage.outcomes.values())
    show_summary(screen, outcomes, choice.provider)
    return next((exit_code(outcome.error) for outcome in outcomes if outcome.error), OK)


def _perform(stage: Stage, number: int, section: _Section) -> None:
    planned = stage.models[section.kinds[0]]
    stage.screen.section(number, section.title, planned.model)
    if planned.why:
        stage.screen.line("note", planned.why, "yellow")
    for kind in section.kinds:
        stage.outcome(kind)
    try:
        section.show(stage)
    except ModelbayError as error:
        stage.screen.failure(error)
        next(stage.outcome(kind) for kind in reversed(section.kinds)).error = error


def _introduction(choice: Choice, catalog: Catalog) -> list[tuple[str, str]]:
    provider = catalog.declared(choice.provider)
    lines = [("with", f"{provider.label.en_us} ({choice.provider})"), ("why", choice.reason)]
    if choice.provider == SANDBOX and provider.description:
        lines.append(("note", provider.description.en_us))
    return lines


def _folder(output: Path | None) -> Path:
    """Return the directory for files, made if need be."""
    if output is None:
        return Path(tempfile.mkdtemp(prefix="modelbay-"))
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Mistake(f"--output: cannot make {str(output)!r}: {error.strerror}") from None
    return output
