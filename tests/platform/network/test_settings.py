"""Network settings: changed, read masked, refused by field, cleared, audited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.platform.network.certificates import certificate
from tests.platform.network.conftest import Desk

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.credentials.forms import HIDDEN, FormError
from modelbay.platform.network import settings
from modelbay.platform.network.owner import NetworkOwner
from modelbay.platform.people.refusals import ForbiddenError
from modelbay.platform.vault import MasterKeys, Secret, Vault
from modelbay.platform.vault.owners import every
from modelbay.store import marks

PROXY = "http://team:pass%20word%2F1@proxy.example:3128"
TOKEN = "tok-abcdefghijklmnopqr"


def test_every_field_is_kept_and_reaches_calls(desk: Desk) -> None:
    """What a call uses is what was set, secrets opened."""
    pem, _ = certificate()
    desk.change(
        {
            "base_url": "https://gateway.example/openai/",
            "proxy": PROXY,
            "ca_bundle": pem,
            "headers": {"X-Team": TOKEN},
            "private_hosts": ["LLM.internal:8000", "10.1.0.0/16", "[::1]"],
            "first_token_timeout": 5,
            "idle_timeout": "7.5",
            "total_timeout": 60,
            "rpm": 60,
            "tpm": "9000",
            "parallelism": 4,
            "batch_size": 16,
        }
    )
    [network] = desk.called().values()

    assert (network.base_url, network.proxy) == ("https://gateway.example/openai", PROXY)
    assert network.ca_bundle == pem
    assert network.headers == {"x-team": TOKEN}
    assert network.private_hosts == {"llm.internal:8000", "10.1.0.0/16", "::1"}
    times = (network.first_token_timeout, network.idle_timeout, network.total_timeout)
    assert times == (5.0, 7.5, 60.0)
    assert (network.rpm, network.tpm, network.parallelism, network.batch_size) == (60, 9000, 4, 16)


def test_an_address_with_a_port_is_kept_as_no_other_address_can_be_written(desk: Desk) -> None:
    """Without its brackets it would read as the address ::1:80, and might open that."""
    desk.change({"private_hosts": ["[::1]:80", "[FD00:0::1]:0080", "::1:80", "10.1.2.3:80"]})

    kept = ["10.1.2.3:80", "::1:80", "[::1]:80", "[fd00::1]:80"]
    assert desk.read().values["private_hosts"] == kept
    assert desk.called()["openai"].private_hosts == set(kept)
    desk.change(dict(desk.read().values))
    assert desk.read().values["private_hosts"] == kept


def test_no_secret_is_shown_stored_or_audited(desk: Desk) -> None:
    """A proxy's password and a header's value are sealed; who reads the settings sees that they are there."""
    desk.change({"proxy": PROXY, "headers": {"X-Team": TOKEN}, "rpm": 5})
    seen = desk.read()
    stored = [desk.database.rows(f"SELECT * FROM {each}") for each in ("network_settings", "network_secrets")]

    assert seen.values["proxy"] == "http://team:********************@proxy.example:3128"
    assert seen.values["headers"] == {"x-team": "tok-ab************qr"}
    everything = f"{stored} {desk.audited()} {seen} {desk.called()}"
    assert not any(secret in everything for secret in (TOKEN, "pass word", "pass%20word"))
    assert desk.audited() == [("network.set", {"changed": ["headers", "proxy", "rpm"]})]


def test_what_is_not_given_stays_and_none_clears(desk: Desk) -> None:
    """A console sends what was changed; the secrets beside it stay sealed as they are."""
    desk.change({"proxy": PROXY, "headers": {"X-Team": TOKEN}, "rpm": 5})
    desk.change({"rpm": 6})
    after_one = desk.called()["openai"]
    desk.change({"rpm": None, "proxy": ""})
    after_two = desk.called()["openai"]

    assert (after_one.rpm, after_one.proxy, after_one.headers) == (6, PROXY, {"x-team": TOKEN})
    assert (after_two.rpm, after_two.proxy, after_two.headers) == (None, None, {"x-team": TOKEN})


def test_what_is_shown_can_be_sent_back(desk: Desk) -> None:
    """A form that nobody touched changes nothing, and a hidden value is kept beside a new one."""
    desk.change({"proxy": PROXY, "headers": {"X-Team": TOKEN, "X-Two": "second value here"}})
    desk.change(dict(desk.read().values))
    same = desk.called()["openai"]
    desk.change({"headers": {"x-team": HIDDEN, "x-new": "n"}})

    assert (same.proxy, same.headers) == (PROXY, {"x-team": TOKEN, "x-two": "second value here"})
    assert desk.called()["openai"].headers == {"x-team": TOKEN, "x-new": "n"}


@pytest.mark.parametrize("proxy", ["http://team@proxy.example:3128", "http://evil.example:3128"])
def test_a_password_does_not_follow_its_proxy_to_another_address(desk: Desk, proxy: str) -> None:
    """Who may not read it must not have it sent to a server of his own; the same address keeps it."""
    desk.change({"proxy": PROXY})
    desk.change({"proxy": proxy})
    with pytest.raises(FormError, match="proxy: its password went with the old address"):
        desk.change({"proxy": "http://team:********************@evil.example:1"})

    assert desk.called()["openai"].proxy == (PROXY if "proxy.example" in proxy else proxy)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("base_url", "ftp://x.example", "has to begin with http:// or https://"),
        ("base_url", "https://u:p@x.example", "holds a user or a password"),
        ("base_url", "https://x.example/?a=1", "ends with its path"),
        ("base_url", "https://x.example:99999", "is not a valid URL"),
        ("base_url", "https://x.example/\r\nX: y", "no space"),
        ("base_url", 5, "has to be text"),
        ("proxy", "socks5://x.example", "has to begin with http://"),
        ("proxy", "http://x.example/path", "write it as http://user:password@host:port"),
        ("ca_bundle", "not PEM", "is not PEM of certificates"),
        ("headers", {"Host": "x"}, "host is set by the connection itself"),
        ("headers", {"content-LENGTH": "1"}, "content-length is set by the connection itself"),
        ("headers", {"Proxy-Authorization": "x"}, "proxy-authorization is set by the connection itself"),
        ("headers", {"Authorization": "Bearer x"}, "authorization is what openai is sent anyway"),
        ("headers", {"X-A": "x\r\nEvil: 1"}, "x-a has a value that no header can have"),
        ("headers", {"X A": "x"}, "one has a name that no header can have"),
        ("headers", {"X-A": "1", "x-a": "2"}, "x-a is there twice"),
        ("headers", {"X-A": ""}, "x-a has to have 1 to"),
        ("headers", {"X-A": HIDDEN}, "x-a: there is no stored value to keep"),
        ("headers", {f"X-{n}": "1" for n in range(33)}, "are 33; at most 32"),
        ("headers", "X-A: 1", "write them as names with values"),
        ("private_hosts", ["http://x"], "write each as a host"),
        ("private_hosts", ["10.0.0.1/8"], "write each as a host"),
        ("private_hosts", ["*"], "write each as a host"),
        ("private_hosts", ["a:1:2"], "write each as a host"),
        ("private_hosts", ["10.0.0.0/8:80"], "write each as a host"),
        ("private_hosts", ["[::1]:99999"], "write each as a host"),
        ("private_hosts", ["fine.example", "[::1"], "write each as a host"),
        ("private_hosts", "localhost", "has to be a list of hosts"),
        ("first_token_timeout", 0, "has to be 0.1 to 3600 seconds"),
        ("idle_timeout", float("nan"), "has to be 0.1 to 3600 seconds"),
        ("total_timeout", True, "has to be 0.1 to 3600 seconds"),
        ("rpm", 0, "has to be a whole number from 1 to 1000000"),
        ("tpm", "1e3", "has to be a whole number"),
        ("parallelism", 1.5, "has to be a whole number"),
        ("batch_size", -1, "has to be a whole number"),
        ("speed", 1, "is no network setting; these are: base_url, proxy"),
    ],
)
def test_a_wrong_value_is_named_and_changes_nothing(desk: Desk, field: str, value: Any, why: str) -> None:
    """The field first, then what it should be."""
    with pytest.raises(FormError, match=f"^{field}: ") as raised:
        desk.change(
            {field: value, "first_token_timeout": 5} if field != "first_token_timeout" else {field: value}
        )

    assert why in raised.value.description
    assert (desk.read().version, desk.audited()) == (0, [])


def test_all_that_is_wrong_is_said_at_once(desk: Desk) -> None:
    """Nobody wants to be told of one mistake at a time."""
    with pytest.raises(FormError) as raised:
        desk.change({"rpm": 0, "proxy": "x", "speed": 1})

    assert set(raised.value.complaints) == {"rpm", "proxy", "speed"}


@pytest.mark.parametrize(
    ("which", "why"),
    [
        ("leaf", "CN=Acme Test CA is not the certificate of an authority"),
        ("old", "has expired"),
        ("key", "holds a private key"),
    ],
)
def test_only_certificates_of_authorities_are_taken(desk: Desk, which: str, why: str) -> None:
    """A server's own certificate would never vouch for anything, and a key must not lie about here."""
    pem, key = certificate(authority=which != "leaf", days=-1 if which == "old" else 30)
    with pytest.raises(FormError) as raised:
        desk.change({"ca_bundle": pem + key if which == "key" else pem})

    assert why in raised.value.description


def test_an_address_is_refused_where_the_provider_has_only_one(desk: Desk) -> None:
    """The sandbox runs in this process."""
    with pytest.raises(FormError, match="base_url: sandbox is where it is"):
        desk.change({"base_url": "https://x.example"}, provider="sandbox")


def test_only_who_may_allows_private_hosts(desk: Desk) -> None:
    """No admin opens the installation's neighbourhood to himself; taking it back is a change too."""
    with pytest.raises(ForbiddenError, match="private_hosts: only an owner of the installation"):
        desk.change({"private_hosts": ["127.0.0.1"]}, may_allow_private=False)
    desk.change({"private_hosts": ["127.0.0.1"]})
    desk.change({"private_hosts": ["127.0.0.1"], "rpm": 1}, may_allow_private=False)
    with pytest.raises(ForbiddenError):
        desk.change({"private_hosts": None}, may_allow_private=False)

    assert desk.read().values == {"private_hosts": ["127.0.0.1"], "rpm": 1}
    assert desk.audited()[0][1]["private_hosts"] == ["127.0.0.1"]


def test_of_two_who_edit_at_once_the_second_is_told(desk: Desk) -> None:
    """Nobody's change is lost unseen."""
    first = desk.change({"rpm": 5}, version=0)
    desk.change({"rpm": 6}, version=first.version)
    for version in (0, first.version):
        with pytest.raises(InvokeBadRequestError, match="version: somebody has changed"):
            desk.change({"rpm": 7}, version=version)
    with pytest.raises(InvokeBadRequestError, match="version: somebody has changed"):
        settings.clear(desk.database, "default", "openai", version=first.version, actor="cli")

    assert desk.read().values == {"rpm": 6}


def test_clearing_leaves_nothing(desk: Desk) -> None:
    """Not even a sealed secret."""
    desk.change({"proxy": PROXY})
    settings.clear(desk.database, "default", "openai", actor="cli")
    with pytest.raises(InvokeBadRequestError, match="provider: openai has no network settings"):
        settings.clear(desk.database, "default", "openai", actor="cli")

    assert (desk.read().values, desk.called()) == ({}, {})
    assert desk.database.rows("SELECT * FROM network_secrets") == []
    assert [action for action, _ in desk.audited()] == ["network.set", "network.clear"]


def test_workspaces_and_providers_have_their_own(desk: Desk) -> None:
    """What one sets, no other sees."""
    desk.change({"headers": {"X-Team": TOKEN}})
    desk.change({"rpm": 2}, provider="cohere")
    desk.change({"rpm": 3}, workspace="ws_b")

    assert [row.provider for row in settings.listed(desk.database, desk.vault, "default")] == [
        "cohere",
        "openai",
    ]
    assert desk.read(workspace="ws_b").values == {"rpm": 3}
    assert desk.called("ws_c") == {}


def test_a_change_raises_the_mark_that_gateways_look_at(desk: Desk) -> None:
    """That is how a running gateway sees it within a second."""
    before = marks.mark(desk.database, marks.CREDENTIALS, "default")
    desk.change({"rpm": 1})
    after = marks.mark(desk.database, marks.CREDENTIALS, "default")
    settings.clear(desk.database, "default", "openai", actor="cli")

    assert before < after < marks.mark(desk.database, marks.CREDENTIALS, "default")


def test_settings_whose_secret_cannot_be_opened_say_so_and_are_not_used(desk: Desk, tmp_path: Path) -> None:
    """Without its proxy's password a call must not go another way."""
    desk.change({"proxy": PROXY, "rpm": 2})
    desk.vault = Vault(MasterKeys(tmp_path, {"MODELBAY_MASTER_KEY": "c" * 64}))
    seen, network = desk.read(), desk.called()["openai"]

    assert list(seen.unreadable) == ["proxy"]
    assert network.failure.startswith("the network settings cannot be used: proxy: ")
    assert (network.proxy, network.rpm) == (None, None)


def test_the_vault_seals_them_anew_and_restores_them(desk: Desk) -> None:
    """As every owner's secrets; but what may be called privately is not a matter of an import."""
    owner = NetworkOwner()
    desk.change({"proxy": PROXY, "headers": {"X-Team": TOKEN}, "private_hosts": ["127.0.0.1"]})
    found = every(desk.database, "default", owner, at_once=1)
    record = found[0].record
    again = desk.vault.seal(desk.database, "default", record, found[0].field, TOKEN)
    described = owner.described(desk.database, "default", record)

    assert [(each.record, each.field) for each in found] == [
        ("network:openai", "header:x-team"),
        ("network:openai", "proxy_password"),
    ]
    assert owner.replace(desk.database, "default", found[0], again)
    assert not owner.replace(desk.database, "default", found[0], again)

    sealed = {}
    for each in every(desk.database, "default", owner):
        opened = desk.vault.open(desk.database, "default", record, each.field, each.text)
        assert isinstance(opened, Secret)
        sealed[each.field] = desk.vault.seal(desk.database, "ws_b", record, each.field, opened.reveal())
    with desk.database.transaction():
        first = owner.restore(desk.database, "ws_b", record, described, sealed, replace=False)
        second = owner.restore(desk.database, "ws_b", record, described, sealed, replace=False)
    network = desk.called("ws_b")["openai"]
    assert (network.proxy, network.headers, network.private_hosts) == (PROXY, {"x-team": TOKEN}, frozenset())
    assert first == ("made", "without its private hosts: the installation allows those", "")
    assert second.state == "there"
