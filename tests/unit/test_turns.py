from __future__ import annotations

from datetime import timedelta
from functools import partial

from services.turns import Turn
from services.user_states import known_as
from tests.accounts import NOON

LATER, MUCH_LATER = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
KNOWN = '[1,7,0,0,0]'


def turn_of(*users: int) -> Turn:
    turn = Turn()
    for user_id in users:
        turn.add(user_id)
    return turn


def test_who_comes_or_goes_meanwhile_changes_nothing_for_who_goes_through_a_turn() -> None:
    turn = turn_of(1, 2, 3)
    seen = []
    for user_id in turn:
        seen.append(user_id)
        turn.remove(4 - user_id)
        turn.add(10 + user_id)
    assert sorted(seen) == [1, 2, 3]
    assert sorted(turn) == [11, 12, 13]
    assert (len(turn), 11 in turn, 1 in turn) == (3, True, False)


def test_one_whose_board_stands_is_passed_by_until_something_of_this_user_changes() -> None:
    turn = turn_of(1, 2)
    assert sorted(turn.restless(NOON)) == [1, 2]
    turn.rest(1, until=LATER)
    assert turn.restless(NOON) == [2]
    turn.stir(1, known=KNOWN)
    assert sorted(turn.restless(NOON)) == [1, 2]


def test_when_time_makes_one_board_another_all_are_gone_through_once() -> None:
    turn = turn_of(1, 2)
    turn.rest(1, until=LATER)
    turn.rest(2, until=MUCH_LATER)
    assert turn.restless(LATER - timedelta(microseconds=1)) == []
    assert sorted(turn.restless(LATER)) == [1, 2]
    for user_id in (1, 2):
        turn.rest(user_id, until=MUCH_LATER)
    assert turn.restless(LATER) == []
    assert sorted(turn.restless(MUCH_LATER)) == [1, 2]


def test_one_who_left_is_passed_by_and_one_who_comes_is_not() -> None:
    turn = turn_of(1)
    turn.remove(1)
    assert turn.restless(NOON) == []
    turn.add(2)
    turn.rest(2, until=LATER)
    turn.add(3)
    turn.remove(3)
    turn.add(3)
    assert turn.restless(NOON) == [3]


def test_what_is_asked_of_all_is_written_anew_when_somebody_is_not_as_before() -> None:
    turn = turn_of(1, 2)
    one, other = known_as(1, None), known_as(2, None)
    assert turn.known() == f'{one},{other}'
    assert turn.known() is turn.known(), 'it is kept while nobody changes'
    turn.stir(1, known=KNOWN)
    assert turn.known() == f'{KNOWN},{other}'
    turn.remove(2)
    assert turn.known() == KNOWN
    turn.add(3)
    assert turn.known() == f'{KNOWN},{known_as(3, None)}'


def test_a_look_that_comes_back_late_makes_nobody_older() -> None:
    turn = turn_of(1)
    turn.looked(at=LATER, number=2)
    turn.looked(at=NOON, number=1)
    assert (turn.at, turn.number) == (LATER, 2)


def test_one_who_was_told_everything_is_served_again_when_there_may_be_news() -> None:
    turn = turn_of(1, 2)
    for user_id in (1, 2):
        turn.rest(user_id, until=LATER)
        turn.settle(user_id)
    for reason in (partial(turn.stir, known=KNOWN), turn.unsettle):
        assert turn.unserved() == []
        reason(2)
        assert turn.unserved() == [2]
        turn.rest(2, until=LATER)
        turn.settle(2)
    turn.restless(LATER)
    assert sorted(turn.unserved()) == [1, 2]


def test_one_whose_board_does_not_stand_is_served_at_each_beat() -> None:
    turn = turn_of(1)
    turn.settle(1)
    assert turn.unserved() == [1]
    turn.remove(1)
    assert turn.unserved() == []
