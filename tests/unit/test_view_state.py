from __future__ import annotations

import pytest

from app.view_state import ViewState
from services.query import DashboardQuery


def test_percentages_become_scores() -> None:
    view = ViewState()
    view.enter('min_score', '40')
    view.enter('max_score', ' 70.5 ')
    assert view.query == DashboardQuery().with_filter({'min_score': '0.4', 'max_score': '0.705'})
    assert view.describe() == 'a score from 40 to 70.5 %'


@pytest.mark.parametrize('typed', ['-1', '101', '1e2', '٧', 'nan', '0x10', '1' * 200, None, 7, ['40'], '4\n0'])
def test_a_score_that_is_no_percentage_has_a_message_and_the_other_fields_keep_working(typed: object) -> None:
    view = ViewState()
    view.enter('q', 'acme')
    view.enter('min_score', typed)
    assert view.errors == {'min_score': 'Write a percentage from 0 to 100. Not applied.'}
    assert view.query == DashboardQuery(text='acme')


def test_a_lowest_score_above_the_highest_is_said_and_repaired_from_either_side() -> None:
    view = ViewState()
    view.enter('min_score', '80')
    view.enter('max_score', '40')
    assert view.errors == {'min_score': 'The lowest score is above the highest. Not applied.'}
    view.enter('max_score', '90')
    assert view.errors == {}
    assert view.query == DashboardQuery().with_filter({'min_score': '0.8', 'max_score': '0.9'})


def test_a_text_that_is_too_long_is_not_applied() -> None:
    view = ViewState()
    view.enter('q', 'x' * 101)
    assert list(view.errors) == ['q']
    assert view.query == DashboardQuery()


def test_days_are_used_in_the_custom_period_only_and_kept_for_when_it_comes_back() -> None:
    view = ViewState()
    view.choose_period('custom')
    view.enter('from', '2026-11-01')
    view.enter('to', '2026-11-20')
    custom = DashboardQuery().with_dates({'from': '2026-11-01', 'to': '2026-11-20'})
    assert view.query == custom
    view.choose_period('7d')
    assert view.query == DashboardQuery().with_dates({'range': '7d'})
    view.choose_period('custom')
    assert view.query == custom


def test_a_first_day_after_the_last_is_said_at_the_first() -> None:
    view = ViewState()
    view.choose_period('custom')
    view.enter('from', '2026-11-20')
    view.enter('to', '2026-11-01')
    assert list(view.errors) == ['from']


@pytest.mark.parametrize('value', ['extreme', None, 3, ['high'], {}])
def test_unknown_choices_change_nothing(value: object) -> None:
    view = ViewState()
    view.toggle_risk(value)
    view.choose_period(value)
    view.enter(str(value), 'x')
    assert view == ViewState()


def test_reset_forgets_everything() -> None:
    view = ViewState()
    view.toggle_risk('high')
    view.choose_period('7d')
    view.enter('q', 'acme')
    view.enter('max_score', 'no')
    assert list(view.chips) == ['risk', 'q', 'period']
    view.reset()
    assert view == ViewState()


@pytest.mark.parametrize('name', ['risk', 'q', 'score', 'period'])
def test_one_filter_is_taken_back_and_the_others_stay(name: str) -> None:
    view = ViewState()
    view.toggle_risk('high')
    view.choose_period('custom')
    view.enter('from', '2026-11-20')
    view.enter('q', 'acme')
    view.enter('min_score', '40')
    before = view.chips
    assert list(before) == ['risk', 'q', 'score', 'period']
    view.clear(name)
    assert view.chips == {other: words for other, words in before.items() if other != name}
    view.clear(name)
    assert len(view.chips) == 3


@pytest.mark.parametrize('name', ['everything', None, 3, ['q'], {}])
def test_what_is_no_filter_is_not_taken_back(name: object) -> None:
    view = ViewState()
    view.enter('q', 'acme')
    view.clear(name)
    assert list(view.chips) == ['q']
