"""What was typed or piped in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.catalog import Catalog
from modelbay.cli.credentials import read_credentials
from modelbay.cli.errors import Mistake
from modelbay.cli.inputs import file_part, image_part, parse_parameters, user_message

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


def test_a_parameter_is_json_where_it_can_be_and_text_where_not() -> None:
    """Numbers and switches keep their types without quoting, and names need no quotes either."""
    given_ = ["temperature=0.2", "thinking=true", "effort=low", "note=a=b", 'tool_choice={"name": "x"}']

    assert parse_parameters(given_) == {
        "temperature": 0.2,
        "thinking": True,
        "effort": "low",
        "note": "a=b",
        "tool_choice": {"name": "x"},
    }


@given(st.text(st.characters(codec="utf-8")))
def test_any_value_is_taken_and_none_is_refused(value: str) -> None:
    """What the value may be is for the model's rules to say, with its name in the message."""
    assert list(parse_parameters([f"name={value}"])) == ["name"]


@pytest.mark.parametrize("text", ["temperature", "=1", " =1"])
def test_a_parameter_without_name_or_value_is_a_mistake(text: str) -> None:
    """The message shows how to write it."""
    with pytest.raises(Mistake, match="name=value"):
        parse_parameters([text])


def test_a_file_goes_along_as_what_its_content_is(tmp_path: Path) -> None:
    """A wrong ending must not turn a picture into text that no model can read."""
    picture = tmp_path / "notes.txt"
    picture.write_bytes(PNG)
    sheet, text = tmp_path / "sheet.pdf", tmp_path / "main.py"
    sheet.write_bytes(b"%PDF-1.7 \xff")
    text.write_text("print('hallo')", "utf-8")

    parts = [file_part(path) for path in (picture, sheet, text)]

    assert [part.type.value for part in parts] == ["image", "document", "text"]
    assert parts[2].data.startswith("main.py:\n\nprint('hallo')")


def test_an_image_may_be_an_address(tmp_path: Path) -> None:
    """The provider fetches it; nothing is read here."""
    assert image_part("https://example.org/cat.png").data == "https://example.org/cat.png"


def test_a_file_that_is_no_image_is_refused_as_one(tmp_path: Path) -> None:
    """The upstream's own message would come late and name no file."""
    page = tmp_path / "page.html"
    page.write_text("<p>", "utf-8")

    with pytest.raises(Mistake, match=r"page\.html.*not an image"):
        image_part(str(page))


def test_a_message_without_attachments_stays_a_plain_text() -> None:
    """Models that take no parts would refuse a list of one."""
    assert user_message("hi", None, None).content == "hi"


def test_credentials_may_be_of_one_provider_or_of_several(tmp_path: Path) -> None:
    """The fields of the called provider are enough; a file for all of them works as well."""
    one, many = tmp_path / "one.json", tmp_path / "many.json"
    one.write_text('{"openai_api_key": "a"}')
    many.write_text('{"openai": "a", "cohere/command-a-03-2025": {"api_key": "b"}}')
    catalog = Catalog()

    assert read_credentials(str(one), "openai", catalog) == {"openai": {"openai_api_key": "a"}}
    assert read_credentials(str(many), "openai", catalog) == {
        "openai": "a",
        "cohere/command-a-03-2025": {"api_key": "b"},
    }


@pytest.mark.parametrize("content", ["sk-not-json-123456", '"sk-not-json-123456"', "[]", "{}"])
def test_a_broken_credentials_file_is_named_but_not_quoted(tmp_path: Path, content: str) -> None:
    """The commonest wrong content is the bare key."""
    path = tmp_path / "key.json"
    path.write_text(content)

    with pytest.raises(Mistake) as caught:
        read_credentials(str(path), "openai", Catalog())

    assert "key.json" in str(caught.value)
    assert "sk-not" not in str(caught.value)
