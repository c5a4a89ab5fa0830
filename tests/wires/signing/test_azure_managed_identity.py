"""Tokens of the identity that Azure gives a machine."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError, InvokeConnectionError
from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, Signer, signer_of
from modelbay.wires.signing.azure_managed_identity import make
from modelbay.wires.signing.bench import Tokens

RESOURCE = "https://cognitiveservices.azure.com"
SETTINGS = {"resource": RESOURCE, "client_id": ""}
BEGIN = 1795219200.0  # 2026-11-21T00:00:00Z


class Service:
    """Gives tokens, numbered, and a clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = BEGIN
        self.requests: list[Request] = []
        self.answer: Any = {"expires_in": "3599"}
        self.bench = Bench(Tokens(lambda: self.seconds), lambda: self.seconds, self._give)

    async def _give(self, request: Request) -> Any:
        self.requests.append(request)
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"access_token": f"token-{len(self.requests)}", **self.answer}


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start every test on a machine whose environment says nothing."""
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
        monkeypatch.delenv(name, raising=False)


async def token_of(signer: Signer, service: Service) -> str:
    request = await signer.sign(Request("POST", "https://r.openai.azure.com/x"), b"{}", service.bench)
    return request.headers["Authorization"].removeprefix("Bearer ")


def asked(request: Request) -> tuple[str, dict[str, str]]:
    parts = urlsplit(request.url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", dict(parse_qsl(parts.query))


async def test_a_machine_asks_the_metadata_service_that_only_it_can_reach() -> None:
    """The header proves that no browser was led there."""
    service = Service()

    token = await token_of(signer_of("azure_managed_identity", SETTINGS), service)

    (request,) = service.requests
    assert token == "token-1"
    assert request.headers == {"Metadata": "true"}
    assert asked(request) == (
        "http://169.254.169.254/metadata/identity/oauth2/token",
        {"api-version": "2018-02-01", "resource": RESOURCE},
    )


async def test_an_app_asks_the_service_that_its_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """There the token's end is told as a moment, not as a duration."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "app-secret")
    service, signer = Service(), make({**SETTINGS, "client_id": "our-identity"})
    service.answer = {"expires_on": str(int(BEGIN) + 1000)}

    first = await token_of(signer, service)
    service.seconds += 1000 - 301
    second = await token_of(signer, service)
    service.seconds += 2
    third = await token_of(signer, service)

    assert [first, second, third] == ["token-1", "token-1", "token-2"]
    assert service.requests[0].headers == {"X-IDENTITY-HEADER": "app-secret"}
    assert asked(service.requests[0]) == (
        "http://127.0.0.1:41741/msi/token",
        {"api-version": "2019-08-01", "resource": RESOURCE, "client_id": "our-identity"},
    )
    assert "app-secret" not in repr(signer)


async def test_fifty_calls_at_once_ask_for_one_token() -> None:
    """The metadata service refuses those who ask too often."""
    service, signer = Service(), make(SETTINGS)

    tokens = await asyncio.gather(*(token_of(signer, service) for _ in range(50)))

    assert set(tokens) == {"token-1"}
    assert len(service.requests) == 1


async def test_a_token_that_is_refused_is_renewed_once() -> None:
    """It may have been withdrawn; a lack of rights is not mended by another token."""
    service, signer = Service(), make(SETTINGS)
    await token_of(signer, service)

    assert signer.refused(401, {}, service.bench)
    assert not signer.refused(403, {}, service.bench)
    assert await token_of(signer, service) == "token-2"


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (InvokeConnectionError("no route"), "no route. It is there on Azure only"),
        (InvokeBadRequestError("Identity not found"), "no such managed identity: Identity not found"),
    ],
)
async def test_a_machine_without_an_identity_is_a_matter_of_the_credentials(
    failure: Exception, told: str
) -> None:
    """Repeating the call would not help; another way to be let in would."""
    service = Service()
    service.answer = failure

    with pytest.raises(InvokeAuthorizationError, match=told):
        await token_of(make(SETTINGS), service)


@pytest.mark.parametrize("answer", [{"access_token": None}, {"access_token": ""}, {"access_token": 7}])
async def test_an_answer_without_a_token_is_no_token(answer: dict[str, Any]) -> None:
    """What answers at that address may be something else."""
    service = Service()
    service.answer = answer

    with pytest.raises(InvokeAuthorizationError, match="no token was given"):
        await token_of(make(SETTINGS), service)


def test_a_token_is_for_a_resource() -> None:
    """Without one the service would refuse, in words that do not name the setting."""
    with pytest.raises(InvokeAuthorizationError, match="'resource'"):
        make({"resource": ""})
