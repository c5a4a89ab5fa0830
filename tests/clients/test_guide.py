"""The guide shows what works: its blocks are run with the client that each is for."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from tests.clients.environments import NAMES, ROOT, Environments
from tests.clients.running import Gateway, surroundings
from tests.docs.markdown import Block, blocks_of, matches

GUIDE = ROOT / "docs" / "use-your-existing-client.md"
SHOWN = "http://127.0.0.1:8080"
_RUN = re.compile(r"not run: here; tests/clients runs it in ([\w-]+)")
_LANGUAGES = {"python": "snippet.py", "javascript": "snippet.mjs", "console": "snippet.sh"}
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n", re.MULTILINE)


def _snippets() -> Iterator[tuple[Block, str]]:
    """Yield every block that is run here, with what it is said to print."""
    for block, after in pairwise([*blocks_of(GUIDE), None]):
        if block is not None and _RUN.fullmatch(block.mark):
            yield block, after.code if after is not None and after.is_output else ""


_ANSWER = "A bay is a body of water that land surrounds on three sides."
_ASK = """
import anthropic, cohere, openai
asked = {"model": "openai/gpt-4.1-mini", "messages": [{"role": "user", "content": "What is a bay?"}]}
print(openai.OpenAI().chat.completions.create(**asked).choices[0].message.content)
print(anthropic.Anthropic().messages.create(**asked, max_tokens=500).content[0].text)
ranked = cohere.ClientV2().rerank(model="cohere/rerank-v4.0-pro", query="cat", documents=["a dog", "a cat"])
print(ranked.results[0].index)
"""

SNIPPETS = list(_snippets())


def _name(snippet: object) -> str:
    return f"{snippet.language}-{snippet.line}" if isinstance(snippet, Block) else ""


@pytest.mark.parametrize(("block", "expected"), SNIPPETS, ids=_name)
def test_a_snippet_does_what_the_guide_says(
    block: Block,
    expected: str,
    environments: Environments,
    gateways: Callable[[str], Gateway],
    tmp_path: Path,
) -> None:
    """What is copied from the guide must work: only the address is another here."""
    found = _RUN.fullmatch(block.mark)
    assert found is not None
    home, gateway = environments.place(found[1]), gateways("guide")
    code, expected = _as_script(block, expected)
    (tmp_path / _LANGUAGES[block.language]).write_text(code.replace(SHOWN, gateway.url), "utf-8")

    printed = _run(block.language, home, gateway, tmp_path)

    assert matches(expected, printed), (
        f"{GUIDE.name}:{block.line} says\n\n{expected}\n\nbut prints\n\n{printed}"
    )


def test_the_environment_alone_is_enough(
    environments: Environments, gateways: Callable[[str], Gateway], tmp_path: Path
) -> None:
    """Whoever cannot change a program can still set variables for it."""
    home, gateway = environments.place("clients"), gateways("guide")
    exports = next(block.code for block in blocks_of(GUIDE) if block.language == "sh")
    (tmp_path / "ask.py").write_text(_ASK, "utf-8")
    script = f"{exports.replace(SHOWN, gateway.url)}\n{home / 'bin' / 'python'} ask.py\n"
    (tmp_path / _LANGUAGES["console"]).write_text(script, "utf-8")

    printed = _run("console", home, gateway, tmp_path)

    assert printed.splitlines() == [_ANSWER, _ANSWER, "1"]


def test_every_environment_has_snippets() -> None:
    """A mark that is misspelt would quietly keep a block from being run."""
    named = {found[1] for block, _ in SNIPPETS if (found := _RUN.fullmatch(block.mark))}
    shown = [block for block in blocks_of(GUIDE) if block.is_shown_only]

    assert named == set(NAMES)
    assert len(shown) == len(SNIPPETS)


def _as_script(block: Block, expected: str) -> tuple[str, str]:
    """Return a block as a program and what that prints; a console block holds both."""
    if block.language != "console":
        return block.code, expected
    return "\n".join(_COMMAND.findall(block.code)), _COMMAND.sub("", block.code)


def _run(language: str, home: Path, gateway: Gateway, place: Path) -> str:
    told = surroundings(gateway, place)
    if language == "javascript":
        (place / "node_modules").symlink_to(home / "node_modules")
    if language == "console":
        _write_files(gateway, place)
        told |= {"LLM_USER_PATH": str(place), "PATH": f"{home / 'bin'}:{told['PATH']}"}
    programs = {"python": str(home / "bin" / "python"), "javascript": "node", "console": "sh"}
    ran = subprocess.run(
        [programs[language], _LANGUAGES[language]],
        cwd=place,
        env=told,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return ran.stdout


def _write_files(gateway: Gateway, place: Path) -> None:
    for block in blocks_of(GUIDE):
        if block.file:
            (place / block.file).write_text(block.code.replace(SHOWN, gateway.url), "utf-8")
