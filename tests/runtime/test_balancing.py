"""Turns: who of several is next, by weight, in order, or by how busy they are."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from modelbay.runtime.balancing import Strategy, Turns, Weighed

WEIGHTS = st.lists(st.integers(1, 20), min_size=1, max_size=8)


def members_of(weights: list[int]) -> tuple[Weighed, ...]:
    """Return members a0, a1, … with these weights."""
    return tuple(Weighed(f"a{place}", weight) for place, weight in enumerate(weights))


@given(WEIGHTS, st.integers(1, 3))
def test_over_a_cycle_each_has_exactly_as_many_turns_as_its_weight(weights: list[int], cycles: int) -> None:
    """What people write down as shares is what they get, not about that."""
    turns, members = Turns(), members_of(weights)

    for _ in range(cycles):
        picked = [turns.pick("g", Strategy.WEIGHTED, members, members).id for _ in range(sum(weights))]
        assert Counter(picked) == {each.id: each.weight for each in members}


@given(WEIGHTS.filter(lambda weights: len(weights) > 1 and max(weights) * 2 <= sum(weights)))
def test_nobody_has_two_turns_in_a_row_who_has_no_more_than_half(weights: list[int]) -> None:
    """Smooth: a burst of calls on one key would meet its rate limit while others rest."""
    turns, members = Turns(), members_of(weights)
    picked = [turns.pick("g", Strategy.WEIGHTED, members, members).id for _ in range(sum(weights))]

    longest = run = 1
    for before, after in pairwise(picked):
        run = run + 1 if before == after else 1
        longest = max(longest, run)
    assert longest <= 2


@given(WEIGHTS.filter(lambda weights: len(weights) > 1), st.data())
def test_a_member_that_was_away_has_not_saved_up_turns(weights: list[int], data: st.DataObject) -> None:
    """A key that comes back from a cool-down must not be flooded with what it missed."""
    turns, members = Turns(), members_of(weights)
    away = data.draw(st.sampled_from(members))
    others = [each for each in members if each is not away]
    for _ in range(sum(each.weight for each in others) * 3):
        assert turns.pick("g", Strategy.WEIGHTED, members, others) is not away

    picked = [turns.pick("g", Strategy.WEIGHTED, members, members).id for _ in range(sum(weights))]

    assert Counter(picked) == {each.id: each.weight for each in members}


@given(st.integers(1, 8), st.integers(1, 5))
def test_round_robin_gives_everybody_the_same(count: int, cycles: int) -> None:
    """Weights mean nothing to it."""
    turns, members = Turns(), tuple(Weighed(f"a{n}", n + 1) for n in range(count))

    picked = [turns.pick("g", Strategy.ROUND_ROBIN, members, members).id for _ in range(count * cycles)]

    assert picked == [each.id for each in members] * cycles


@given(st.lists(st.integers(1, 5), min_size=2, max_size=5), st.lists(st.booleans(), max_size=80))
def test_the_least_busy_is_the_one_with_the_smallest_share_under_way(
    weights: list[int], begins: list[bool]
) -> None:
    """However calls begin and end, nobody is chosen while another has less to do for its weight."""
    turns, members = Turns(), members_of(weights)
    under_way: list[str] = []
    for begin in begins:
        if begin or not under_way:
            chosen = turns.pick("g", Strategy.LEAST_BUSY, members, members)
            load = {each.id: (under_way.count(each.id) + 1) / each.weight for each in members}
            assert load[chosen.id] == min(load.values())
            turns.begin("g", chosen.id)
            under_way.append(chosen.id)
        else:
            turns.end("g", under_way.pop(0))
        assert all(turns.busy("g", each.id) == under_way.count(each.id) for each in members)


def test_idle_members_take_turns_though_none_is_busy() -> None:
    """Calls that come one by one must not all go to the first of the list."""
    turns, members = Turns(), members_of([1, 1, 1])

    picked = [turns.pick("g", Strategy.LEAST_BUSY, members, members).id for _ in range(6)]

    assert picked == ["a0", "a1", "a2"] * 2


def test_calls_under_way_are_known_when_weights_change() -> None:
    """A change of the list begins the cycle anew, and forgets no call that somebody makes."""
    turns, before, after = Turns(), members_of([1, 1]), members_of([1, 3])
    busy = turns.pick("g", Strategy.LEAST_BUSY, before, before)
    turns.begin("g", busy.id)

    chosen = turns.pick("g", Strategy.LEAST_BUSY, after, after)

    assert (busy.id, chosen.id) == ("a0", "a1")
    assert turns.busy("g", "a0") == 1
