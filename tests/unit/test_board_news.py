"""What a board tells whoever does not look at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from app.pages.board_news import SECONDS, BoardNews
from services.query import DashboardQuery
from services.schemas import Alert, AlertType, Charts, RiskDay

EVERYTHING = DashboardQuery()
NARROW = DashboardQuery(text='north')


def alert(number: int, type_: AlertType = AlertType.CRITICAL) -> Alert:
    return Alert(type=type_, message=f'It is number {number}.', timestamp='2026-11-23T12:00:00.000Z', id=str(number))


def charts(high: int) -> Charts:
    days = (RiskDay(day=date(2026, 11, 23), high=high, medium=1, low=2),)
    return Charts(at_risk=(), customers=high + 3, histogram=(), risk_over_time=days)


@dataclass
class Listener:
    """Somebody who looks at the board every five seconds."""

    now: float = 0.0
    news: BoardNews = field(init=False)

    def __post_init__(self) -> None:
        self.news = BoardNews(lambda: self.now)

    def hears(self, high: int, *alerts: Alert, query: DashboardQuery = EVERYTHING, after: float = 5) -> str:
        self.now += after
        return self.news.since(query, charts(high), alerts)


def test_nothing_is_told_at_first_and_while_nothing_changes() -> None:
    listener = Listener()
    assert listener.hears(39, alert(1)) == ''
    assert listener.hears(39, alert(1)) == ''


def test_how_many_more_or_fewer_customers_are_at_high_risk() -> None:
    listener = Listener()
    listener.hears(39)
    assert listener.hears(41) == '2 more customers at high risk: 41 now.'
    assert listener.hears(40, after=SECONDS) == '1 fewer customer at high risk: 40 now.'


def test_changes_within_half_a_minute_are_told_together_when_it_is_over() -> None:
    listener = Listener()
    listener.hears(39)
    assert listener.hears(40)
    told = [listener.hears(high) for high in (41, 43, 42, 42, 42, 42, 42)]
    assert [words for words in told if words] == ['2 more customers at high risk: 42 now.']
    assert told[5], 'half a minute after the first'


def test_what_came_and_went_meanwhile_is_not_told() -> None:
    listener = Listener()
    listener.hears(39)
    assert listener.hears(40)
    assert [listener.hears(high, after=10) for high in (45, 40, 40, 40)] == ['', '', '', '']


def test_a_critical_alert_is_told_once_and_no_other_ever() -> None:
    listener = Listener()
    listener.hears(39)
    assert listener.hears(39, alert(1, AlertType.WARNING), after=SECONDS) == ''
    assert listener.hears(39, alert(2), after=SECONDS) == 'Critical alert: It is number 2.'
    assert listener.hears(39, alert(2), after=SECONDS) == ''
    assert listener.hears(40, alert(2), alert(3), after=SECONDS) == (
        'Critical alert: It is number 3. 1 more customer at high risk: 40 now.'
    )


def test_another_filter_is_no_news_but_the_alerts_go_on() -> None:
    listener = Listener()
    listener.hears(39)
    assert listener.hears(3, query=NARROW, after=SECONDS) == ''
    assert listener.hears(39, after=SECONDS) == ''
    assert listener.hears(3, alert(1), query=NARROW) == 'Critical alert: It is number 1.'


def test_the_first_customers_of_an_empty_board_are_news() -> None:
    listener = Listener()
    nothing = Charts(at_risk=(), customers=0, histogram=(), risk_over_time=())
    assert listener.news.since(EVERYTHING, nothing, ()) == ''
    assert listener.hears(2) == '2 more customers at high risk: 2 now.'
