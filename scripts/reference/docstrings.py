"""Docstrings as Markdown: `Args:` and the like become lists."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from itertools import pairwise
from textwrap import dedent
from types import ModuleType

_SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):")
_ITEM = re.compile(r"([\w.*]+): (.*)", re.DOTALL)


def docstring_of(thing: object) -> str:
    """Return the docstring that a class or function has itself, cleaned; "" if it has none."""
    own = thing.__dict__.get("__doc__") if isinstance(thing, type) else getattr(thing, "__doc__", None)
    return inspect.cleandoc(own) if isinstance(own, str) else ""


def to_markdown(docstring: str) -> str:
    """Return a docstring as Markdown."""
    blocks = re.split(r"\n\n+", docstring.strip())
    return "\n\n".join(_block(block) for block in blocks if block)


def summary_of(thing: object) -> str:
    """Return the first paragraph of a docstring as one line."""
    return " ".join(docstring_of(thing).split("\n\n")[0].split())


def _block(block: str) -> str:
    head, _, body = block.partition("\n")
    if not _SECTION.fullmatch(head):
        return block
    return f"{head}\n\n" + "\n".join(_listed(item) for item in _items(dedent(body)))


def _items(body: str) -> Iterator[str]:
    """Yield the items of a section: a line that is not indented begins one."""
    for item in re.split(r"\n(?=\S)", body):
        yield " ".join(line.strip() for line in item.splitlines())


def _listed(item: str) -> str:
    found = _ITEM.fullmatch(item)
    return f"- `{found[1]}`: {found[2]}" if found else f"- {item}"


def documented_names(module: ModuleType) -> dict[str, str]:
    """Return the docstrings below the assignments of a module: those of constants and type aliases."""
    found: dict[str, str] = {}
    body = ast.parse(inspect.getsource(module)).body
    for statement, following in pairwise(body):
        text = _string(following)
        if text is None:
            continue
        if isinstance(statement, ast.Assign):
            found |= {target.id: text for target in statement.targets if isinstance(target, ast.Name)}
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = text
    return found


def _string(statement: ast.stmt) -> str | None:
    value = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return inspect.cleandoc(value.value)
    return None
