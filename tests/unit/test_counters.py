from __future__ import annotations

from services.counters import Counters


def test_refusals_and_what_was_dropped_are_counted_by_reason() -> None:
    counters = Counters()
    for _ in range(3):
        counters.refused('event_rate')
    counters.dropped('event_rate')
    counters.dropped('bad_frame')
    assert [counters.refusals(reason) for reason in ('event_rate', 'bad_frame')] == [3, 0]
    assert [counters.drops(reason) for reason in ('event_rate', 'bad_frame')] == [1, 1]


def test_how_long_the_loop_is_held_is_counted_in_steps_one_of_which_is_what_is_allowed() -> None:
    counters = Counters()
    for seconds in (0.01, 0.25, 0.26):
        counters.held(seconds)
    lines = counters.text().decode().splitlines()
    assert 'churnboard_loop_held_seconds_bucket{le="0.25"} 2.0' in lines
    assert 'churnboard_loop_held_seconds_count 3.0' in lines


def test_two_servers_in_one_process_count_for_themselves() -> None:
    first, second = Counters(), Counters()
    first.refused('event_rate')
    first.show('connections', 'Open connections.', 3)
    assert second.refusals('event_rate') == 0
    assert b'churnboard_connections' not in second.text()


def test_a_figure_that_goes_up_and_down_shows_its_last_value() -> None:
    counters = Counters()
    for value in (3, 7, 2):
        counters.show('connections', 'Open connections.', value)
    assert counters.text().splitlines().count(b'churnboard_connections 2.0') == 1


def test_the_text_tells_all_of_them_in_the_format_of_prometheus() -> None:
    counters = Counters()
    counters.refused('event_rate')
    counters.dropped('bad_frame')
    lines = counters.text().decode().splitlines()
    assert 'churnboard_refusals_total{reason="event_rate"} 1.0' in lines
    assert 'churnboard_dropped_total{reason="bad_frame"} 1.0' in lines
    assert '# TYPE churnboard_refusals_total counter' in lines
