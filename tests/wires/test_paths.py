"""A model's name leads to that model, and to no other place of its upstream."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall, Endpoint, family
from modelbay.wires.paths import in_path, in_segment

ENDPOINT = Endpoint("https://upstream.example/v1")


@pytest.mark.parametrize("name", ["", ".", "..", "a/../b", "../b", "a//b", "/a", "a/", "./a"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    """Whoever may name a model must not be able to call what is beside the models."""
    with pytest.raises(InvokeBadRequestError, match="cannot stand in an address"):
        in_path(name)
    with pytest.raises(InvokeBadRequestError, match="cannot stand in an address"):
        in_segment(name)


@given(st.text(min_size=1, max_size=30).filter(lambda text: not {"", ".", ".."} & set(text.split("/"))))
def test_any_other_name_is_one_place_and_reads_back_the_same(name: str) -> None:
    """Query, fragment, line ends and percent signs are part of the name."""
    for spelled in (in_path(name), in_segment(name)):
        address = urlsplit(f"https://upstream.example/models/{spelled}:do")
        assert (address.query, address.fragment) == ("", "")
        assert unquote(address.path) == f"/models/{name}:do"
    assert "/" not in in_segment(name)


@pytest.mark.parametrize("wire", ["gemini", "bedrock"])
@pytest.mark.parametrize("name", ["..", "a/../../b", "../secrets"])
def test_wires_that_name_the_model_in_the_address_refuse_it(wire: str, name: str) -> None:
    """They are the ones with something beside the models."""
    chat = family(wire).chat
    assert chat is not None
    with pytest.raises(InvokeBadRequestError, match="cannot stand in an address"):
        chat({}).to_request(ChatCall(name, []), ENDPOINT)
