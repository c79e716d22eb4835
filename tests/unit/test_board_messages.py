from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from services.board_messages import BoardMessages
from services.connections import Connection, Updates
from services.dashboard import Numbers
from services.recent import Recent
from services.schemas import Alert, AlertType, Metrics, Trend, Trends
from services.snapshots import Contents, Snapshot
from services.turns import Turn
from services.watchers import Watch

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EPOCH = 'e1'


def contents(rng: random.Random) -> Contents:
    values = [rng.randrange(3) for _ in Metrics.__slots__]
    metrics = Metrics(**dict(zip(Metrics.__slots__, values, strict=True)))  # type: ignore[arg-type]
    trends = Trends(**{name: rng.choice(list(Trend)) for name in Trends.__slots__})
    recent = Recent(orjson.dumps([{'id': str(rng.randrange(2))}]))
    alerts = tuple(Alert(type=AlertType.INFO, message='m', timestamp='t', id=str(n)) for n in range(rng.randrange(2)))
    numbers = Numbers(metrics=metrics, trends=trends, recent=recent, has_sample=rng.random() < 0.3)
    return Contents(user_id=7, numbers=numbers, alerts=alerts, refreshing=rng.random() < 0.3)


def connection(updates: Updates) -> Connection:
    return Connection(
        sid='s',
        socket=None,  # type: ignore[arg-type]
        identity=None,  # type: ignore[arg-type]
        watch=Watch(lambda _: None, 1, Turn()),
        updates=updates,
    )


def merged(board: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """As a client does it: parts of keys are merged, others replaced, what ended is dropped."""
    board = {**board, **{key: value for key, value in changes.items() if key not in ('metrics', 'trends')}}
    for part in ('metrics', 'trends'):
        board[part] = board[part] | changes.get(part, {})
    return {key: value for key, value in board.items() if value is not None and (key, value) != ('sample', False)}


@pytest.mark.parametrize('seed', range(20))
def test_changes_lead_to_the_whole_from_any_message_on(seed: int) -> None:
    rng, messages, to = random.Random(seed), BoardMessages(EPOCH), connection(Updates.CHANGES)
    first = Snapshot(contents=contents(rng), as_of=NOW)
    boards = [orjson.loads(messages.update(to, first))]
    for _ in range(30):
        snapshot = Snapshot(contents=contents(rng) if rng.random() < 0.8 else first.contents, as_of=NOW)
        changes = messages.changes(to, snapshot)
        whole = orjson.loads(b'{%b}' % snapshot.members)
        if changes is None:
            board = boards[-1]
        else:
            board = merged(boards[-1], orjson.loads(changes))
            boards.append(board)
        assert {key: value for key, value in board.items() if key not in ('epoch', 'seq')} == whole
        assert [board['seq'] for board in boards] == list(range(1, len(boards) + 1))
    latest = Snapshot(contents=contents(rng), as_of=NOW)
    whole = orjson.loads(b'{%b}' % latest.members)
    for board in boards:
        changes = messages.since(to, latest, EPOCH, board['seq'])
        assert changes
        caught_up = merged(board, orjson.loads(changes))
        assert {key: value for key, value in caught_up.items() if key not in ('epoch', 'seq')} == whole


def test_nothing_is_said_while_nothing_changes() -> None:
    messages, to = BoardMessages(EPOCH), connection(Updates.CHANGES)
    same = [contents(random.Random(1)) for _ in range(2)]
    messages.update(to, Snapshot(contents=same[0], as_of=NOW))
    for equal in same:
        assert messages.changes(to, Snapshot(contents=equal, as_of=NOW)) is None
    assert to.seq == 1


def test_only_what_changed_after_the_first_message_is_kept() -> None:
    messages, to = BoardMessages(EPOCH), connection(Updates.CHANGES)
    first = contents(random.Random(1))
    messages.update(to, Snapshot(contents=first, as_of=NOW))
    messages.changes(to, Snapshot(contents=first, as_of=NOW))
    assert to.changed is None
    numbers = replace(first.numbers, has_sample=not first.numbers.has_sample)
    latest = Snapshot(contents=replace(first, numbers=numbers), as_of=NOW)
    messages.changes(to, latest)
    assert to.changed == {'sample': 2}
    for seq, told in ((1, {'sample'}), (2, set())):
        changes = messages.since(to, latest, EPOCH, seq)
        assert changes
        assert orjson.loads(changes).keys() - {'epoch', 'seq', 'timestamp'} == told


@pytest.mark.parametrize(('epoch', 'seq'), [('another', 1), (EPOCH, 0), (EPOCH, 2), (EPOCH, -1)])
def test_what_is_no_message_of_this_connection_is_answered_with_the_whole(epoch: str, seq: int) -> None:
    messages, to = BoardMessages(EPOCH), connection(Updates.CHANGES)
    snapshot = Snapshot(contents=contents(random.Random(1)), as_of=NOW)
    messages.update(to, snapshot)
    assert messages.since(to, snapshot, epoch, seq) is None
    assert messages.since(to, snapshot, EPOCH, 1)


def test_one_who_takes_the_whole_has_no_differences_kept() -> None:
    messages, to = BoardMessages(EPOCH), connection(Updates.FULL)
    snapshot = Snapshot(contents=contents(random.Random(1)), as_of=NOW)
    messages.update(to, snapshot)
    assert to.changed is None
    assert messages.since(to, snapshot, EPOCH, 1) is None


def test_the_keys_come_in_the_order_of_the_contract() -> None:
    messages, to = BoardMessages(EPOCH), connection(Updates.FULL)
    update = orjson.loads(
        messages.update(to, Snapshot(contents=contents(random.Random(5)), as_of=NOW), action={'name': 'refresh'})
    )
    assert list(update)[:6] == ['user_id', 'timestamp', 'metrics', 'recent_activity', 'trends', 'alerts']
    assert list(update)[-3:] == ['epoch', 'seq', 'action']
