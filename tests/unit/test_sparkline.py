from __future__ import annotations

import orjson

from components.sparkline import HEIGHT, MARGIN, sparkline


def path(*values: float | None, from_zero: bool = False) -> str:
    drawn = sparkline(values, from_zero=from_zero)
    assert drawn
    (_, attributes, _) = orjson.loads(orjson.dumps(drawn))[2][0]
    return str(attributes['d'])


def test_the_lowest_is_at_the_bottom_and_the_highest_at_the_top() -> None:
    assert path(3, 5, 4) == f'M0.0 {HEIGHT - MARGIN:.1f}L60.0 {MARGIN:.1f}L120.0 {HEIGHT / 2:.1f}'


def test_counts_begin_at_zero() -> None:
    assert path(5, 10, from_zero=True) == f'M0.0 {HEIGHT / 2:.1f}L120.0 {MARGIN:.1f}'


def test_a_day_without_a_number_is_passed_over() -> None:
    assert path(1, None, 2, None, None) == f'M0.0 {HEIGHT - MARGIN:.1f}L60.0 {MARGIN:.1f}'


def test_what_never_changed_is_a_line_in_the_middle() -> None:
    assert path(7, 7) == f'M0.0 {HEIGHT / 2:.1f}L120.0 {HEIGHT / 2:.1f}'


def test_nothing_is_drawn_of_one_day() -> None:
    assert sparkline([]) is None
    assert sparkline([None, 4]) is None
