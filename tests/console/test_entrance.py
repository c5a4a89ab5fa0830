"""The way in, as people go it: in a real browser, by the links that the gateway gives out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import pytest
import yaml
from tests.console.browser import Tab
from tests.console.conftest import House
from tests.gateway.api.sign_ins import CLIENT_SECRET, START, settings
from tests.gateway.process import running
from tests.upstreams.oidc import SECRET, OidcServer

from modelbay.platform.people.invitations import PAGE, invite, link_of
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.workspaces import create_workspace
from modelbay.store import Database

PASSWORD: Final = "three words apart"


async def own(tab: Tab, house: House) -> None:
    """Become the first owner, as Ann."""
    await tab.go(house.link)
    await tab.fill(name="Ann", email="ann@example.com", password=PASSWORD)
    await tab.press("form button")
    await tab.shows("h1", "Hello, Ann")


def invitation(house: House, email: str, team: str = "Search") -> str:
    """Invite somebody into a new workspace; return the link."""
    with Database.open(house.data_dir) as database:
        workspace = create_workspace(database, team, actor="cli").id
        made = invite(
            database, workspace, email, Role.ADMIN, actor="cli", authority=Role.OWNER, now=time.time()
        )
    return link_of(house.url, PAGE, made.token)


async def test_the_link_on_the_terminal_makes_an_owner_once(house: House, tab: Tab) -> None:
    """Whoever reads the terminal follows the link, and is in; later the link says that there is an owner."""
    await own(tab, house)

    assert "ann@example.com" in await tab.shows("main")
    assert await tab.shows("li") == "Default\nowner"
    await tab.go(house.link)
    assert "has an owner" in await tab.shows("h1")


async def test_the_token_does_not_stay_in_the_address(house: House, tab: Tab) -> None:
    """Browsers keep addresses, show them, and send them to whoever synchronises their history."""
    await tab.go(house.link)

    assert await tab.run("location.href") == f"{house.url}/setup"


async def test_what_is_wrong_is_said_at_its_field(house: House, tab: Tab) -> None:
    """A person mends the field that is marked; nothing that was filled in is lost."""
    await tab.go(house.link)
    await tab.fill(name="Ann", email="ann@example.com", password="short")
    await tab.press("form button")

    assert "12 to 1000 characters" in await tab.shows("#password-wrong", "12")
    assert await tab.run("document.activeElement.name") == "password"
    assert await tab.run("document.querySelector('[name=email]').value") == "ann@example.com"
    await tab.fill(password=PASSWORD)
    await tab.press("form button")
    assert await tab.shows("h1", "Hello, Ann")


async def test_an_invitation_is_taken_by_its_link(house: House, tab: Tab) -> None:
    """Somebody new gives a name and a password, and is a member."""
    await tab.go(invitation(house, "bea@example.com"))
    assert "bea@example.com is invited as admin" in await tab.shows("main")
    await tab.fill(name="Bea", password=PASSWORD)
    await tab.press("form button")

    assert await tab.shows("h1", "Hello, Bea")
    assert await tab.shows("li") == "Search\nadmin"


async def test_who_has_an_account_takes_an_invitation_with_its_password(house: House, tab: Tab) -> None:
    """A link alone opens nobody's account."""
    await own(tab, house)
    await tab.press("form button")
    await tab.shows("h1", "Sign in")
    await tab.go(invitation(house, "ann@example.com"))
    await tab.fill(password="four other words apart")
    await tab.press("form button")
    assert await tab.shows("form > .wrong", "not right")
    await tab.fill(password=PASSWORD)
    await tab.press("form button")

    await tab.shows("h1", "Hello, Ann")
    assert "Search" in await tab.shows("ul", "Search")


async def test_a_link_that_is_cut_or_used_says_so(house: House, tab: Tab) -> None:
    """Mail programs cut links; the page says what to do."""
    await tab.go(f"{house.url}/join")
    assert "not whole" in await tab.shows("h1")
    await tab.go(f"{house.url}/setup")
    assert "not whole" in await tab.shows("h1")
    await tab.go(f"{house.url}/join#{'x' * 43}")
    assert "used or taken back" in await tab.shows("h1")


async def test_people_sign_out_and_in_again(house: House, tab: Tab) -> None:
    """Whoever comes to the gateway without a session is led to the sign-in."""
    await own(tab, house)
    await tab.press("form button")
    await tab.shows("h1", "Sign in")
    await tab.go(f"{house.url}/")
    await tab.shows("h1", "Sign in")
    await tab.fill(email="ann@example.com", password="three words together")
    await tab.press("form button")
    assert await tab.shows("form > .wrong", "E-mail or password is not right")
    await tab.fill(password=PASSWORD)
    await tab.press("form button")

    assert await tab.shows("h1", "Hello, Ann")


async def test_single_sign_on_ends_on_a_page(
    tmp_path: Path, tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The button leads to the provider, and from there the browser comes back signed in."""
    with OidcServer().running() as provider:
        provider.person = {"sub": "1", "email": "cleo@example.com", "email_verified": True, "name": "Cleo"}
        folder = tmp_path / "house"
        (folder / "data").mkdir(parents=True, mode=0o700)
        oidc = settings(provider, domains=["example.com"], create_users=True)
        (folder / "data" / "gateway.yaml").write_text(yaml.safe_dump({"oidc": oidc}))
        async with running(folder, {}, environment={CLIENT_SECRET: SECRET}) as started:
            provider.redirects.add(f"{started.address}{START}/callback")
            await tab.go(f"{started.address}/sign-in")
            assert await tab.shows("a.button") == "Sign in with Acme"
            await tab.press("a.button")

            assert await tab.shows("h1", "Hello, Cleo")
            assert "member of no workspace" in await tab.shows("main")
            assert provider.complaints == []


async def test_the_pages_speak_both_languages(house: House, tab: Tab) -> None:
    """What one language says the other says too; which one is the browser's choice."""
    await tab.speaks("zh-CN,zh;q=0.9,en;q=0.8")
    await tab.go(f"{house.url}/sign-in")
    assert await tab.shows("h1", "登录")
    assert await tab.run("document.documentElement.lang") == "zh-Hans"
    english, chinese = await tab.run(
        "import('/assets/words.js').then(({LANGUAGES}) => Object.values(LANGUAGES).map((each) =>"
        " Object.fromEntries(Object.entries(each).map(([name, text]) =>"
        " [name, (text.match(/\\{\\w+\\}/g) ?? []).sort().join()]))))"
    )
    assert english == chinese
    await tab.speaks("fr-FR,fr")
    await tab.go(f"{house.url}/sign-in")
    assert await tab.shows("h1", "Sign in")


@pytest.mark.parametrize("dark", [False, True])
async def test_the_pages_fit_a_small_screen_and_can_be_read(house: House, tab: Tab, dark: bool) -> None:
    """Nothing sticks out at 320 points, and text keeps the contrast that WCAG asks for, in light and dark."""
    await own(tab, house)
    for path in ("/", "/sign-in", "/join"):
        await tab.go(house.url + path)
        assert await tab.look(width=320, dark=dark)
        assert await tab.run("document.documentElement.scrollWidth") <= 320
        low = await tab.run(_LOW_CONTRAST)
        assert low == [], low


_LOW_CONTRAST: Final = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const [r, g, b] = rgb(colour).slice(0, 3).map((each) => each / 255)
      .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (rgb(colour)[3] > 0) return colour;
    }
    return "white";
  };
  const ratio = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  return [...document.querySelectorAll("main *")]
    .filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .filter((each) => each.checkVisibility() && !each.matches("noscript"))
    .filter((each) => ratio(light(getComputedStyle(each).color), light(behind(each))) < 4.5)
    .map((each) => each.outerHTML);
})()
"""
