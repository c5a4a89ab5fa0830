"""The built-in providers' tables agree with the catalogue of models, or say why they don't."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.providers import catalogue
from tests.providers import catalogue_differences as differences
from tests.providers.catalogue import CATALOGUE, exceptions

pytestmark = pytest.mark.skipif(not CATALOGUE.is_file(), reason="the catalogue is not beside this checkout")

Differences = Callable[[str], Iterator[tuple[str, str]]]
PROVIDERS = catalogue.providers()
COMPARISONS = {
    "price": [differences.price_differences, differences.other_price_differences],
    "context": [differences.context_differences],
    "ability": [differences.lacking_abilities],
}


def unexcused(provider: str, kind: str, compare: Differences) -> list[tuple[str, str]]:
    """Return the differences for which there is no reason."""
    excused = exceptions(provider, kind)
    return [each for each in compare(provider) if not any(rule.fullmatch(each[0]) for rule in excused)]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_current_model_of_the_catalogue_is_declared(provider: str) -> None:
    """Whoever chooses a provider expects its models to be there before any look at a live list."""
    lacking = [key for key in catalogue.missing(provider) if not catalogue.is_left_out(provider, *key)]

    assert lacking == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_prices_in_dollars_are_those_of_the_source(provider: str) -> None:
    """A slip in one of a thousand prices bills somebody wrongly: base, cache and tiers are compared."""
    assert unexcused(provider, "price", differences.price_differences) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_prices_that_only_the_other_declarations_have_are_theirs(provider: str) -> None:
    """Prices in yuan are nowhere else, and come in units with which a thousandfold slip is easily made."""
    assert unexcused(provider, "price", differences.other_price_differences) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_context_is_as_long_as_the_source_says(provider: str) -> None:
    """Prompts are cut to it: too long a context is a refused call, too short a one forgets."""
    assert unexcused(provider, "context", differences.context_differences) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_model_lacks_an_ability_that_both_sources_know(provider: str) -> None:
    """An ability that is not declared is one that nobody can use."""
    assert unexcused(provider, "ability", differences.lacking_abilities) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_exception_still_excuses_something(provider: str) -> None:
    """One that excuses nothing was mended or mistyped, and would hide the next slip."""
    named = {"absent": [name for name, _ in catalogue.missing(provider)]}
    for kind, comparisons in COMPARISONS.items():
        named[kind] = [name for compare in comparisons for name, _ in compare(provider)]
    idle = [
        (kind, rule.pattern)
        for kind, names in named.items()
        for rule in exceptions(provider, kind)
        if not any(rule.fullmatch(name) for name in names)
    ]

    assert idle == []


def test_exceptions_are_of_known_kinds_and_have_reasons() -> None:
    """A mistyped heading would excuse nothing and warn nobody."""
    document = catalogue.all_exceptions()

    assert set(document) <= set(PROVIDERS)
    assert {kind for kinds in document.values() for kind in kinds} <= {"absent", *COMPARISONS}
    assert all(
        reason.strip() for kinds in document.values() for rules in kinds.values() for reason in rules.values()
    )


def test_the_catalogue_is_compared_in_full() -> None:
    """A group that is renamed in the next catalogue must not fall out of the comparison."""
    compared = [group for groups in catalogue.GROUPS.values() for group in groups]

    assert sorted(compared) == sorted(catalogue.catalogue()["litellm"])
    assert {*catalogue.catalogue()["dify"]} <= {*PROVIDERS, "chatglm"}  # zhipuai serves what chatglm did
