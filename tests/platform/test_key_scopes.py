"""What keys are restricted to: read from what people write, and which restriction contains which."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.key_trees import NETWORKS

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.key_scopes import Scopes, check_within
from modelbay.runtime.scopes import Scope, parse_address

NONE: dict[str, tuple[str, ...]] = {"models": (), "types": (), "surfaces": (), "networks": ()}


def is_within(name: str, values: list[str], above: list[str]) -> bool:
    """Whether one restriction is contained in another."""
    try:
        check_within({name: values}, NONE | {name: tuple(above)})
    except InvokeBadRequestError as error:
        assert (error.status, error.code) == (422, "wider_key")
        return False
    return True


@pytest.mark.parametrize(
    ("scopes", "message"),
    [
        (Scopes(models=["a b"]), r"models\[0\]: 'a b' is not a pattern"),
        (Scopes(models=["a"] * 1001), "models: at most 1000"),
        (Scopes(types=["llm", "chat"]), r"types\[1\]: 'chat' is not a type of models; they are llm, "),
        (Scopes(types=["text2img"]), r"types\[0\]: "),
        (Scopes(surfaces=["openai.chatt"]), r"surfaces\[0\]: 'openai.chatt' names nothing .*openai.chat, "),
        (Scopes(networks=["10.0.0.1/24"]), r"networks\[0\]: .* did you mean 10\.0\.0\.0/24\?"),
        (Scopes(networks=["office"]), r"networks\[0\]: 'office' is no range of addresses, such as 192"),
    ],
)
def test_what_is_no_scope_is_named(scopes: Scopes, message: str) -> None:
    """A key that opens nothing for a typing error is found out when somebody needs it."""
    with pytest.raises(InvokeBadRequestError, match=f"^{message}"):
        scopes.given()


def test_scopes_are_kept_as_they_are_meant() -> None:
    """One address is a range of one; what a socket of IPv6 tells of an IPv4 client is its IPv4 address."""
    given = Scopes(networks=["192.0.2.7", "::ffff:10.0.0.0/104", "2001:DB8::/32", "192.0.2.7"]).given()

    assert given == {"networks": ("192.0.2.7/32", "10.0.0.0/8", "2001:db8::/32")}


@pytest.mark.parametrize(
    ("name", "values", "above"),
    [
        ("models", ["openai/gpt-4*", "fast"], ["openai/*", "fast"]),
        ("types", ["llm"], ["llm", "tts"]),
        ("surfaces", ["openai.chat"], ["openai.*"]),
        ("networks", ["10.1.0.0/16"], ["10.0.0.0/8"]),
        ("networks", ["10.0.0.0/24"], ["10.0.0.128/25", "10.0.0.0/25"]),
        ("networks", [], []),
    ],
)
def test_what_is_contained(name: str, values: list[str], above: list[str]) -> None:
    """Such a key may be made."""
    assert is_within(name, values, above)


@pytest.mark.parametrize(
    ("name", "values", "above"),
    [
        ("models", ["openai/*"], ["openai/gpt-4*"]),
        ("models", [], ["*"]),
        ("types", ["llm", "tts"], ["llm"]),
        ("surfaces", ["*"], ["openai.*", "anthropic.*"]),
        ("networks", ["10.0.0.0/7"], ["10.0.0.0/8"]),
        ("networks", ["::/0"], ["0.0.0.0/0"]),
        ("networks", [], ["0.0.0.0/0", "::/0"]),
    ],
)
def test_what_is_not_contained(name: str, values: list[str], above: list[str]) -> None:
    """Nothing is less than something: what is not restricted is never inside what is."""
    assert not is_within(name, values, above)


@given(
    st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=3),
    st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=3),
)
def test_networks_are_compared_as_the_addresses_in_them(values: list[str], above: list[str]) -> None:
    """Both ways: none is taken that opens more, none is refused that does not."""
    inner, outer = Scope(networks=tuple(values)), Scope(networks=tuple(above))
    edges = {
        address
        for value in (*values, *above)
        for network in [ipaddress.ip_network(value)]
        for address in (network[0], network[-1], network[0] - 1 if int(network[0]) else network[0])
    }
    escapes = [each for each in edges if inner.opens_address(each) and not outer.opens_address(each)]

    assert is_within("networks", values, above) == (not escapes)


def test_an_address_that_is_not_known_is_in_no_network() -> None:
    """A unix socket, a word of a proxy: a key with networks stays closed."""
    scope = Scope(networks=("0.0.0.0/0", "::/0"))

    assert not scope.opens_address(parse_address("unix"))
    assert scope.opens_address(parse_address("::ffff:192.0.2.1"))
    assert Scope().opens_address(None)
