"""`oidc` in gateway.yaml: what would let too many in, or nobody, is said before the gateway serves."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelbay.gateway.settings import GatewaySettings, SettingsError
from modelbay.platform.people.oidc.settings import OidcSettings

GOOD: dict[str, Any] = {"issuer": "https://id.example.com/realms/a", "client_id": "modelbay"}


def read(folder: Path, **more: Any) -> OidcSettings:
    """Return the settings of a file."""
    (folder / "gateway.yaml").write_text(yaml.safe_dump({"oidc": GOOD | more}))
    given = GatewaySettings.of(asdict(GatewaySettings.read(folder)))
    assert given.oidc is not None
    return OidcSettings.model_validate(given.oidc)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"issuer": "http://id.example.com"}, "oidc.issuer: Value error, an https:// address without query"),
        ({"issuer": "https://id.example.com?a=b"}, "oidc.issuer: Value error, an https:// address"),
        ({"issuer": "id.example.com"}, "oidc.issuer: Value error, an https:// address"),
        ({"client_id": ""}, "oidc.client_id: String should have at least 1 character"),
        ({"scopes": ["email"]}, "oidc.scopes: Value error, words, among them openid"),
        ({"domains": ["not a domain"]}, "oidc.domains: Value error, domains, such as example.com"),
        ({"create_users": True}, "oidc: Value error, create_users needs domains"),
        ({"workspace": "default"}, "oidc: Value error, workspace is for people whom create_users lets in"),
        ({"client_secret": "s3cret"}, "oidc.client_secret: Input should be"),
        ({"client_secret": {}}, "oidc.client_secret: Value error, write env: NAME or file: PATH"),
        (
            {"client_secret": {"env": "NO_SUCH_NAME"}},
            "oidc.client_secret: the variable NO_SUCH_NAME holds no",
        ),
        ({"client_secret": {"file": "/nowhere"}}, "oidc.client_secret: the file /nowhere holds no secret"),
        ({"url": "gate.example"}, "oidc.url: Value error, an address that begins with https://"),
        ({"issuers": []}, "oidc.issuers: Extra inputs are not permitted"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_field(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    """And it does not repeat a secret that stands where it should not."""
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, **more)

    assert said in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_secret_comes_from_a_file_or_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings that travel to the workers have only its place."""
    (tmp_path / "secret").write_text(" of a file \n")
    monkeypatch.setenv("A_SECRET", "of a variable")
    by_file = read(tmp_path, client_secret={"file": str(tmp_path / "secret")})
    by_variable = read(tmp_path, client_secret={"env": "A_SECRET"})

    assert (by_file.secret(), by_variable.secret(), read(tmp_path).secret()) == (
        "of a file",
        "of a variable",
        "",
    )
    assert "of a" not in repr((by_file, by_variable))


def test_domains_are_compared_whole_and_in_any_spelling(tmp_path: Path) -> None:
    """Those in other letters than ours too."""
    settings = read(tmp_path, domains=["Example.COM", "bücher.example"])

    assert settings.allows("a@example.com")
    assert settings.allows("a@xn--bcher-kva.example")
    assert not settings.allows("a@sub.example.com")


@pytest.mark.parametrize("issuer", ["https://id.example.com", "https://id.example.com/"])
def test_the_provider_describes_itself_below_its_issuer(tmp_path: Path, issuer: str) -> None:
    """Some end with a slash, which belongs to their name and not twice into the address."""
    settings = read(tmp_path, issuer=issuer)

    assert settings.discovery == "https://id.example.com/.well-known/openid-configuration"
    assert settings.issuer == issuer
