"""Where credentials come from: given explicitly, or found in the environment."""

from __future__ import annotations

from typing import Any

import pytest
from tests.library.conftest import MakeBay, ask

from modelbay import InvokeAuthorizationError, InvokeBadRequestError


async def key_of(bay: Any, model: str = "acme/chat") -> str:
    """Return the key that a call of the plugin got."""
    return str((await ask(bay.llm(model), "invoke", "key")).text)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"acme": "plain"}, "plain"),
        ({"acme": {"api_key": "mapped", "region": "x"}}, "mapped"),
        ({"acme": "plain", "acme/chat": "special"}, "special"),
        ({"acme": "plain", "acme/other": "special"}, "plain"),
        ({"acme/chat": {"api_key": "special"}}, "special"),
    ],
)
async def test_credentials_are_given_by_provider_or_by_model(make: MakeBay, given: Any, key: str) -> None:
    """A string is the one secret of the form; the model's own go before the provider's."""
    assert await key_of(make(given)) == key


async def test_a_models_own_name_may_have_slashes(make: MakeBay) -> None:
    """Also as the name of its credentials."""
    bay = make({"acme": "plain", "acme/org/chat-2:free": "special"})
    assert await key_of(bay, "acme/org/chat-2:free") == "special"


async def test_keys_are_found_in_the_environment(make: MakeBay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the names that the plugin declares; the first that is set counts."""
    monkeypatch.setenv("ACME_OLD_KEY", "old")
    assert await key_of(make(environment=True)) == "old"
    monkeypatch.setenv("ACME_KEY", "new")
    assert await key_of(make(environment=True)) == "new"
    monkeypatch.setenv("ACME_KEY", "")
    assert await key_of(make(environment=True)) == "old"


async def test_what_is_given_goes_before_the_environment(
    make: MakeBay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is not mixed with it: half of each would be nobody's account."""
    monkeypatch.setenv("ACME_KEY", "from-environment")
    assert await key_of(make({"acme": "given"}, environment=True)) == "given"


async def test_the_environment_can_be_left_alone(make: MakeBay, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server must not lend its own key to everybody."""
    monkeypatch.setenv("ACME_KEY", "from-environment")
    with pytest.raises(InvokeAuthorizationError, match=r"it needs api_key"):
        await key_of(make(environment=False))


@pytest.mark.parametrize("nothing", [None, ""])
async def test_a_key_that_is_not_set_is_not_given(
    make: MakeBay, monkeypatch: pytest.MonkeyPatch, nothing: str | None
) -> None:
    """`{"acme": os.environ.get(…)}` is how it gets there; a request without a key would only confuse."""
    with pytest.raises(InvokeAuthorizationError, match=r"it needs api_key"):
        await key_of(make({"acme": nothing}))
    monkeypatch.setenv("ACME_KEY", "from-environment")
    assert await key_of(make({"acme": nothing}, environment=True)) == "from-environment"


async def test_one_text_is_not_enough_where_the_form_has_no_single_secret(make: MakeBay) -> None:
    """The error lists the fields."""
    with pytest.raises(InvokeBadRequestError, match=r"sandbox has 0 secret credentials.*mapping of seed"):
        await ask(make({"sandbox": "text"}).llm("sandbox/sandbox-chat"), "invoke", "Hi")
