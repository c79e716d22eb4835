"""What a browser sends for the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from nicegui import Client, core

from app.page_log import LONGEST, PageLog, take_page_logs


@pytest.fixture(autouse=True)
def open_pages(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(Client, 'instances', {'one': object(), 'other': object()})
    caplog.set_level(logging.DEBUG)


def report(message: object, *, client_id: object = 'one', level: str = 'error') -> dict[str, object]:
    return {'client_id': client_id, 'level': level, 'message': message}


def test_a_report_is_one_line_that_passes_for_none_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    PageLog().take('sid', report('a\n2026 CRITICAL forged\x1b[31m\u202e\ud800' + 'x' * 5_000))
    assert [record.levelname for record in caplog.records] == ['INFO']
    line = caplog.records[0].getMessage()
    assert line.startswith(r"A page reports 'a\n2026 CRITICAL forged\x1b[31m\u202e\ud800xxx")
    assert line.isprintable()
    assert len(line) < LONGEST + 100
    assert 'one' not in line


def test_of_very_many_few_are_written_and_those_of_other_pages_too(caplog: pytest.LogCaptureFixture) -> None:
    pages = PageLog()
    for _ in range(1_000):
        pages.take('sid', report('again'))
    assert len(caplog.records) < 10
    before = len(caplog.records)
    pages.take('sid', report('of another', client_id='other'))
    assert len(caplog.records) == before + 1


@pytest.mark.parametrize(
    'message',
    [
        None,
        'text',
        [],
        {},
        report('x', client_id='unknown'),
        report('x', client_id=['one']),
        report('x', client_id={'one': 1}),
        report(5),
        report(None),
        report({'a': 1}),
    ],
)
def test_what_is_no_report_of_an_open_page_is_left_out(caplog: pytest.LogCaptureFixture, message: Any) -> None:
    PageLog().take('sid', message)
    assert caplog.records == []


def test_it_takes_the_place_of_nicegui_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.sio, 'handlers', {'/': dict(core.sio.handlers['/'])})
    take_page_logs()
    assert core.sio.handlers['/']['log'].__self__.__class__ is PageLog
