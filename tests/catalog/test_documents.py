"""YAML as plain data."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.catalog.documents import DocumentError, read_document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on: 1", {"on": 1}),
        ("1: {true: x}", {"1": {"true": "x"}}),
        ("when: 2024-07-12", {"when": "2024-07-12"}),
        ("when: !!timestamp 2024-07-12", {"when": "2024-07-12"}),
        ("big: 99999999999999999999", {"big": "99999999999999999999"}),
        ("far: .inf", {"far": ".inf"}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("", None),
    ],
)
def test_a_document_is_data_that_json_can_hold(text: str, value: object) -> None:
    """The compiled form is JSON, and must be equal to what was read."""
    data = read_document(text.encode()).data

    assert data == value
    assert orjson.loads(orjson.dumps(data)) == data


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a:\n\t- b\n", "line 2, column 1.*spaces, not tabs"),
        ("a: b: c\n", "line 1, column 5.*quote the text"),
        ("a: 'b\n", "line 2, column 1.*close the quotes"),
        ("a: *b\n", "line 1, column 4.*quote text that starts with"),
        ("a: !!python/object:os.system x", "line 1, column 4.*remove the tag"),
        ("a: !!set {b, c}", "line 1, column 4.*remove the tag"),
        ("? [a]\n: b", "line 1, column 3.*a key must be text"),
        ("\0", "control character"),
        ("a: &a [*a]", "anchor"),
        ("a: &a {b: *a}", "anchor"),
        ("a: 2024:99999999999999999999999:" + "9" * 5000, ""),
    ],
)
def test_what_cannot_be_read_says_where_and_how_to_mend_it(content: str, words: str) -> None:
    """The person who reads the message may see YAML for the first time."""
    if not words:
        assert read_document(content.encode()).data
        return
    with pytest.raises(DocumentError, match=words):
        read_document(content.encode())


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_and_does_not_end_the_process(opening: str) -> None:
    """The C parser recurses without a limit, and a plugin's file must not be able to stop a server."""
    with pytest.raises(DocumentError):
        read_document((opening * 100_000).encode())


def test_anchors_that_multiply_are_refused() -> None:
    """A few hundred bytes could otherwise fill the memory when they are compiled."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(DocumentError, match="anchor"):
        read_document("\n".join(lines).encode())


@given(st.one_of(st.binary(max_size=60), st.text("{}[]:-'\"&*!#|>%@ \n\ta1", max_size=60).map(str.encode)))
def test_any_bytes_are_a_document_or_a_document_error(content: bytes) -> None:
    """No other error may come out of the parser, whatever a file holds."""
    try:
        document = read_document(content)
    except DocumentError as error:
        assert str(error)
    else:
        orjson.dumps(document.data)
