from __future__ import annotations

from typing import Any

from services.live_board import LiveBoard, Taken

WHOLE: dict[str, Any] = {
    'user_id': 7,
    'timestamp': 'then',
    'metrics': {'total_predictions': 1, 'avg_churn_score': 0.5},
    'trends': {'churn_trend': 'stable'},
    'recent_activity': [{'id': '1'}],
    'alerts': [],
    'sample': True,
    'state': 'refreshing',
}


def update(seq: int, epoch: str = 'run', **parts: Any) -> dict[str, Any]:
    return {**WHOLE, 'epoch': epoch, 'seq': seq, **parts}


def changes(seq: int, epoch: str = 'run', **parts: Any) -> dict[str, Any]:
    return {'epoch': epoch, 'seq': seq, 'timestamp': 'now', **parts}


def known(*messages: dict[str, Any]) -> LiveBoard:
    board = LiveBoard()
    for message in messages or (update(1),):
        assert board.take_update(message) is Taken.NEW
    return board


def test_a_whole_update_is_the_board_without_what_belongs_to_the_message() -> None:
    assert known(update(1, action={'name': 'refresh', 'status': 'ok'})).data == WHOLE


def test_changes_replace_the_keys_they_name() -> None:
    board = known()
    before = board.data
    taken = board.take_changes(changes(2, metrics={'total_predictions': 2}, alerts=[{'id': '9'}]))
    assert taken is Taken.NEW
    expected = {**WHOLE, 'timestamp': 'now', 'alerts': [{'id': '9'}]}
    assert board.data == {**expected, 'metrics': {'total_predictions': 2, 'avg_churn_score': 0.5}}
    assert before == WHOLE, 'who has it may keep it'


def test_a_key_that_has_gone_is_taken_out() -> None:
    board = known()
    board.take_changes(changes(2, sample=False, state=None))
    assert board.data
    assert {'sample', 'state'} & set(board.data) == set()


def test_what_comes_twice_or_late_changes_nothing() -> None:
    board = known(update(1), update(5))
    assert board.take_update(update(5, timestamp='again')) is Taken.OLD
    assert board.take_changes(changes(4)) is Taken.OLD
    assert board.data == WHOLE


def test_changes_after_a_missing_message_are_not_taken() -> None:
    board = known()
    assert board.take_changes(changes(3, metrics={'total_predictions': 9})) is Taken.GAP
    assert board.data == WHOLE
    assert board.take_update(update(4)) is Taken.NEW


def test_changes_of_another_run_of_the_server_are_not_taken() -> None:
    assert known().take_changes(changes(2, epoch='another')) is Taken.GAP


def test_changes_before_any_board_are_not_taken() -> None:
    assert LiveBoard().take_changes(changes(1)) is Taken.GAP


def test_a_new_connection_counts_from_anew_and_the_board_stays() -> None:
    board = known(update(1), update(8))
    board.begin()
    assert board.data == WHOLE
    assert board.take_changes(changes(9)) is Taken.GAP
    assert board.take_update(update(1, timestamp='newer')) is Taken.NEW
