"""What all fakes share: where the published descriptions lie, and the order of checks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from modelbay.sdk.testing import Complaint, FakeUpstream, Request
from modelbay.sdk.testing.describe import Specification, load_specification

REPOSITORY = Path(__file__).resolve().parents[2]
SPECS = Path(os.environ.get("MODELBAY_SPECS") or REPOSITORY.parent / "shared" / "specs")

Body = Mapping[str, Any]
Rule = Callable[[Body], Complaint | None]


def specification(file: str, free: frozenset[str] | None = None) -> Specification | None:
    """Load a file of published descriptions; None when the folder is not there."""
    return load_specification(SPECS / file, free)


def required(*names: str) -> Rule:
    """Make the rule that the fields are there."""

    def rule(body: Body) -> Complaint | None:
        for name in names:
            if body.get(name) is None:
                return Complaint(f"Missing required parameter: '{name}'.", name, "missing_parameter")
        return None

    return rule


class DescribedUpstream(FakeUpstream):
    """A fake that refuses what its published description or its sheet does not allow.

    Args:
        extensions: Keys that are allowed anywhere besides the described ones.
        lenient: Let unknown keys pass, as many compatible servers do.
    """

    file: ClassVar[str] = ""
    free_types: ClassVar[frozenset[str] | None] = None  # see `load_specification`
    schemas: ClassVar[Mapping[str, str]] = {}
    known_extensions: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        *,
        key: str | None = "test-key",
        port: int = 0,
        keep: int = 10_000,
        extensions: Iterable[str] = (),
        lenient: bool = False,
    ) -> None:
        super().__init__(key=key, port=port, keep=keep)
        self.extensions = self.known_extensions | frozenset(extensions)
        self.lenient = lenient
        self._specification = specification(self.file, self.free_types) if self.file else None
        self.described = self._specification is not None

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules for the body of one endpoint, in the order they are checked."""
        return ()

    def fields(self, request: Request) -> Any:
        """Return the body as the description sees it; a family with forms makes a value of them."""
        return request.body

    def complain(self, request: Request) -> Complaint | None:
        """Check the body against the description, then against the sheet."""
        if request.method != "POST":
            return None
        body = self.fields(request)
        if not isinstance(body, dict):
            return Complaint("We could not parse the JSON body of your request.", None, "invalid_json")
        complaint = self._by_description(request.path, body)
        if complaint is not None:
            return complaint
        return next(filter(None, (rule(body) for rule in self.rules(request.path))), None)

    def _by_description(self, path: str, body: Body) -> Complaint | None:
        name = self.schemas.get(path)
        if self._specification is None or name is None:
            return None
        description = self._specification.of(name)
        return description.complaint(body, extensions=self.extensions, closed=not self.lenient)
