"""One customer's page: what it says of the scores, and that nothing that is typed is ever lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User, user_simulation
from nicegui.testing.user_interaction import UserInteraction

from app.pages.customer import MOST, STEP, customer_page
from app.pages.first_show import BUILD_SECONDS
from components.addresses import customer_href
from components.error_banner import ErrorBanner
from components.scorings import ScoringRow
from services.customer_records import RecordChange, Snooze
from services.errors import InvalidRequest, Unavailable
from tests.ui.board_user import one, one_hidden, settled, text, touched
from tests.ui.drawn import page, pressed, spoken
from tests.ui.drawn import press as press_drawn
from tests.ui.fakes import NOW, FakeIdentity
from tests.ui.fakes_customer import FakeCustomerHub, FakeCustomers, FakeCustomerServices, FakeRecords, scored

SCORES = [
    scored(5, 0.82, '+Champion left', '+Logins down', '-Annual contract'),
    scored(4, 0.70, '+Logins down'),
    scored(3, 0.4567, '+Logins down'),
]


@pytest.fixture
def services() -> FakeCustomerServices:
    services = FakeCustomerServices.of(FakeCustomerHub())
    services.customers.scores = list(SCORES)
    services.customers.known = {'customer_name': 'Fjord <b>& Co', 'account_value': 48_000.0}
    return services


@pytest.fixture
def customers(services: FakeCustomerServices) -> FakeCustomers:
    return services.customers


@pytest.fixture
def records(services: FakeCustomerServices) -> FakeRecords:
    return services.records


@pytest.fixture
async def user(services: FakeCustomerServices) -> AsyncIterator[User]:
    """A browser in front of a customer's page; a test opens it itself."""
    page = customer_page(services)

    async def signed_in() -> None:
        ui.context.client.request.scope['churnboard.identity'] = FakeIdentity()
        await page('C-1')

    async with user_simulation(root=signed_in) as user:
        yield user


@pytest.fixture
async def opened(user: User) -> User:
    await user.open('/')
    await settled()
    return user


async def press(user: User, marker: str) -> None:
    user.find(marker=marker).click()
    await settled()


async def send(user: User, form: str, **typed: object) -> None:
    """What the browser says when a form is sent."""
    user.find(marker=f'form-{form}').trigger('submit.prevent', typed)
    await settled()


def words(user: User, marker: str) -> list[str]:
    """All text below an element, hidden parts left out."""
    found, said = [one(user, marker)], []
    while found:
        element = found.pop(0)
        if element.visible:
            said.append(str(getattr(element, 'text', '') or ''))
            found[:0] = element.default_slot.children
    return [each for each in said if each]


async def tick(user: User) -> None:
    """What a beat does; the button of the error banner does the same."""
    assert user.client
    (banner,) = (e for e in user.client.elements.values() if isinstance(e, ErrorBanner))
    UserInteraction[ui.element](user=user, elements={banner}, target=None).trigger('action', ['error', ''])
    await settled()


def notes(user: User) -> list[str]:
    return [row._words.text for row in one(user, 'note-rows').default_slot.children]  # type: ignore[attr-defined]


# --- what it says


async def test_it_says_who_it_is_how_great_the_risk_is_and_why(opened: User) -> None:
    assert text(opened, 'customer-name') == 'Fjord <b>& Co'
    assert text(opened, 'customer-id') == 'C-1'
    assert text(opened, 'customer-risk') == 'High\u00a082\u00a0%'
    assert text(opened, 'customer-value') == '48,000'
    assert text(opened, 'fact-owner') == 'Nobody yet'
    assert text(opened, 'question') == 'What caused this score to go up?'
    assert text(opened, 'answer') == (
        'Up 12 points to 82\u00a0%, high risk, from 70\u00a0% on 5 Nov 2026. '
        'New with it: + Champion left, \u2212 Annual contract.'
    )
    assert words(opened, 'customer-reasons') == [
        '+ Champion left', 'new', '+ Logins down', '\u2212 Annual contract', 'new'
    ]  # fmt: skip


async def test_each_score_stands_beside_the_one_before_it(opened: User) -> None:
    rows = [row for row in one(opened, 'scoring-rows').default_slot.children if isinstance(row, ScoringRow)]
    assert [row._change.text for row in rows] == ['+12 points', '+24.3 points', 'First score']
    assert [row._reasons.text for row in rows] == [
        '+\u00a0Champion left\u00a0(new) · +\u00a0Logins down · \u2212\u00a0Annual contract\u00a0(new)',
        '+\u00a0Logins down',
        '+\u00a0Logins down',
    ]
    assert [row._risk.text for row in rows] == ['High\u00a082\u00a0%', 'High\u00a070\u00a0%', 'Medium\u00a046\u00a0%']


async def test_the_chart_has_a_finding_a_sentence_and_a_table(opened: User) -> None:
    assert page(opened).one('finding-history').text == 'High risk at 82\u00a0% since 5 Nov 2026, medium before'
    assert page(opened).one('sentence-history').text == (
        '3 scores, 4 Nov 2026 to 6 Nov 2026: lowest 46\u00a0% on 4 Nov 2026, highest 82\u00a0% on 6 Nov 2026.'
    )
    press_drawn(opened, 'table', 'history')
    await settled()
    assert pressed(opened, 'table', 'history')
    await opened.should_see('45.67\u00a0%')
    await opened.should_see('4 Nov 2026, 13:00')
    press_drawn(opened, 'table', 'history')
    await settled()
    await opened.should_not_see('45.67\u00a0%')


@pytest.mark.parametrize(
    ('scores', 'question', 'answer'),
    [
        ([0.5, 0.7], 'What caused this score to go down?', 'Down 20 points to 50\u00a0%, medium risk, from'),
        ([0.5, 0.5], 'What drives this score?', 'As it was before: 50\u00a0%, medium risk.'),
        (
            [0.5],
            'What drives this score?',
            'This is the first score: 50\u00a0%, medium risk. The model gave no reasons.',
        ),
        ([0.5, 0.49], 'What caused this score to go up?', 'Up 1 point to'),
        ([0.5, 0.499999], 'What caused this score to go up?', 'Up 0.0001 points to'),
    ],
    ids=str,
)
async def test_the_question_is_the_one_that_the_score_raises(
    user: User, customers: FakeCustomers, scores: list[float], question: str, answer: str
) -> None:
    customers.scores = [scored(9 - number, value) for number, value in enumerate(scores)]
    await user.open('/')
    await settled()
    assert text(user, 'question') == question
    assert text(user, 'answer').startswith(answer)


async def test_of_a_long_history_the_newest_are_shown_and_more_when_asked_for(
    user: User, customers: FakeCustomers
) -> None:
    customers.scores = [scored(number, number % 10 / 10) for number in range(MOST + 50, 0, -1)]
    await user.open('/')
    await settled()
    rows = one(user, 'scoring-rows').default_slot.children
    assert (len(rows), customers.asked[-1]) == (STEP, STEP + 1)
    assert rows[-1]._change.text != 'First score'  # type: ignore[attr-defined]
    assert text(user, 'panel-note-scorings') == f'The newest 100 of {MOST + 50:,} scores'
    await press(user, 'more-scorings')
    assert len(one(user, 'scoring-rows').default_slot.children) == 2 * STEP
    for _ in range(MOST // STEP - 2):
        await press(user, 'more-scorings')
    assert len(one(user, 'scoring-rows').default_slot.children) == MOST
    assert not one_hidden(user, 'more-scorings').visible
    assert text(user, 'scorings-note') == 'Older ones are in an export from the board.'


# --- live


async def test_a_new_score_is_shown_in_place_and_announced(
    opened: User, services: FakeCustomerServices, customers: FakeCustomers, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(one(opened, 'scoring-rows').default_slot.children)
    customers.scores.insert(0, scored(6, 0.3, '-Renewed'))
    services.hub.revision += 1
    assert opened.client
    sent = touched(opened.client, monkeypatch)
    await tick(opened)
    assert text(opened, 'customer-risk') == 'Low\u00a030\u00a0%'
    assert text(opened, 'question') == 'What caused this score to go down?'
    assert spoken(opened) == 'New score of Fjord <b>& Co: low risk, 30\u00a0%, \u221252 points.'
    assert one(opened, 'scoring-rows').default_slot.children[1:] == rows, 'rows stay the same elements'
    forms = {form.id for form in (one(opened, 'form-add'), one(opened, 'input-text'))}
    assert not forms & {element.id for element in sent}, 'nothing is sent to what is typed in'


async def test_what_did_not_change_is_not_read_again_and_touches_nothing(
    opened: User, customers: FakeCustomers, services: FakeCustomerServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = len(customers.asked)
    await tick(opened)
    assert len(customers.asked) == read
    services.hub.revision += 1  # of another customer
    assert opened.client
    sent = touched(opened.client, monkeypatch)
    await tick(opened)
    assert len(customers.asked) == read + 1
    assert sent == []


async def test_a_new_day_is_a_change(opened: User, customers: FakeCustomers, services: FakeCustomerServices) -> None:
    read = len(customers.asked)
    services.hub.at = NOW + timedelta(hours=12)
    await tick(opened)
    assert len(customers.asked) == read + 1


async def test_a_failure_keeps_what_was_shown_and_says_so(
    opened: User, services: FakeCustomerServices, customers: FakeCustomers
) -> None:
    services.hub.error = Unavailable('The database does not answer.')
    await tick(opened)
    await opened.should_see('The database does not answer.')
    assert text(opened, 'customer-risk') == 'High\u00a082\u00a0%'
    services.hub.error = None
    customers.error = RuntimeError('secret')
    services.hub.revision += 1
    await tick(opened)
    await opened.should_see('in the log of the server')
    await opened.should_not_see('secret')
    customers.error = None
    await tick(opened)
    assert not one_hidden(opened, 'error-banner').visible


async def test_the_watch_ends_with_the_page(opened: User, services: FakeCustomerServices) -> None:
    assert opened.client
    opened.client.delete()
    assert [watch.closed for watch in services.hub.watches] == [True]
    assert services.page_registry.pages == [('hash', opened.client)]


# --- nobody there


@pytest.fixture
async def nobody(opened: User, customers: FakeCustomers, services: FakeCustomerServices) -> User:
    """All scores of the customer were just undone."""
    customers.scores = []
    services.hub.revision += 1
    await tick(opened)
    return opened


async def test_a_customer_who_is_not_there_is_told_with_what_to_do(nobody: User) -> None:
    await nobody.should_see('There is no such customer')
    await nobody.should_see('You have no score of “C-1”.')
    await nobody.should_not_see('Score history')
    await nobody.should_not_see('Notes')
    assert nobody.client
    assert nobody.client.status_code == 404, 'of the page, where it is known before it is sent'


async def test_that_nobody_is_there_is_waited_for_a_little_and_then_said_by_the_status_too(
    user: User, customers: FakeCustomers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('app.pages.first_show.NUMBERS_SECONDS', 20)
    customers.scores = []
    notes = customers.notes

    async def slowly(user_id: int, customer_id: str) -> Any:
        await asyncio.sleep(2 * BUILD_SECONDS)
        return await notes(user_id, customer_id)

    monkeypatch.setattr(customers, 'notes', slowly)
    assert (await user.http_client.get('/')).status_code == 404


async def test_the_page_of_nobody_fills_when_a_score_comes_in(
    nobody: User, customers: FakeCustomers, services: FakeCustomerServices
) -> None:
    customers.scores = list(SCORES)
    services.hub.revision += 1
    await tick(nobody)
    assert text(nobody, 'customer-risk') == 'High\u00a082\u00a0%'
    await nobody.should_not_see('There is no such customer')


async def test_notes_of_a_customer_without_scores_can_be_read_and_deleted_but_none_added(
    nobody: User, records: FakeRecords, services: FakeCustomerServices
) -> None:
    records.add_note(1, 'C-1', 'still here')
    services.hub.revision += 1
    await tick(nobody)
    await nobody.should_see('still here')
    await nobody.should_see('1 note, below')
    assert not one_hidden(nobody, 'form-add').visible
    await press(nobody, 'delete-note')
    await press(nobody, 'dialog-confirm')
    assert one_hidden(nobody, 'note-rows').default_slot.children == []


# --- notes


async def test_a_note_is_added_and_its_form_emptied_by_the_browser(opened: User, customers: FakeCustomers) -> None:
    await send(opened, 'add', text='Called <b>Ana</b>\nFriday')
    assert [note.text for note in customers.written] == ['Called <b>Ana</b>\nFriday']
    assert notes(opened) == ['Called <b>Ana</b>\nFriday']
    assert one(opened, 'form-add').props['data-taken'] == '1'
    assert spoken(opened) == 'The note is kept.'


@pytest.mark.parametrize('typed', [5, None, ['x'], {'a': 'b'}])
async def test_what_is_no_text_is_refused(opened: User, customers: FakeCustomers, typed: Any) -> None:
    await send(opened, 'add', text=typed)
    assert customers.written == []
    assert text(opened, 'error-add') == 'Write a text.'
    opened.find(marker='form-add').trigger('submit.prevent', 'no dictionary')
    await settled()
    assert customers.written == []


async def test_a_refused_note_says_why_beside_what_was_typed_and_is_cleared_by_nothing(
    opened: User, records: FakeRecords, customers: FakeCustomers
) -> None:
    records.error = InvalidRequest('A note has at most 4,000 characters; this one has 5,000.', field='text')
    await send(opened, 'add', text='too long')
    assert text(opened, 'error-add').startswith('A note has at most')
    assert one(opened, 'input-text').props['aria-invalid'] == 'true'
    assert 'data-taken' not in one(opened, 'form-add').props
    records.error = RuntimeError('secret')
    await send(opened, 'add', text='x')
    assert 'Nothing you typed is lost' in text(opened, 'error-add')
    records.error = None
    await send(opened, 'add', text='x')
    assert text(opened, 'error-add') == ''
    assert 'aria-invalid' not in one(opened, 'input-text').props
    assert len(customers.written) == 1


async def test_a_note_is_edited_in_its_place(opened: User, customers: FakeCustomers) -> None:
    await send(opened, 'add', text='first')
    await press(opened, 'edit-note')
    assert text(opened, 'form-edit') == ''
    editor = next(e for e in opened.find(marker='input-text').elements if getattr(e, 'text', '') == 'first')
    assert 'data-take-focus' in editor.props
    await send(opened, 'edit', text='first, mended')
    assert notes(opened) == ['first, mended']
    assert opened.client
    assert not any('form-edit' in e._markers for e in opened.client.elements.values())
    await opened.should_see('edited')


async def test_an_editor_stays_open_whatever_comes_in_also_when_its_note_is_deleted_elsewhere(
    opened: User, customers: FakeCustomers, services: FakeCustomerServices, records: FakeRecords
) -> None:
    await send(opened, 'add', text='mine')
    await press(opened, 'edit-note')
    form = one(opened, 'form-edit')
    records.add_note(1, 'C-1', 'another')
    services.hub.revision += 1
    await tick(opened)
    assert one(opened, 'form-edit') is form
    customers.written.clear()
    services.hub.revision += 1
    await tick(opened)
    assert one(opened, 'form-edit') is form
    await send(opened, 'edit', text='what I typed')
    assert text(opened, 'error-edit') == 'There is no such note: it may have been deleted.'
    await press(opened, 'cancel-edit')
    services.hub.revision += 1
    await tick(opened)
    assert notes(opened) == []


async def test_a_note_is_deleted_after_a_question_and_a_second_time_is_as_once(
    opened: User, customers: FakeCustomers
) -> None:
    await send(opened, 'add', text='wrong')
    await press(opened, 'delete-note')
    await opened.should_see('Delete this note?')
    assert len(customers.written) == 1
    customers.written.clear()  # somebody was faster
    await press(opened, 'dialog-confirm')
    assert notes(opened) == []
    assert spoken(opened) == 'The note is deleted.'


# --- owner and snooze


async def test_who_looks_after_a_customer_is_set_in_its_place(opened: User, records: FakeRecords) -> None:
    await press(opened, 'change-owner')
    await send(opened, 'owner', owner='Maria Lund')
    assert records.changes == [RecordChange(owner='Maria Lund')]
    assert text(opened, 'fact-owner') == 'Maria Lund'
    assert text(opened, 'change-owner') == 'Change'
    await press(opened, 'change-owner')
    assert one(opened, 'input-owner').props['defaultValue'] == 'Maria Lund'
    await press(opened, 'cancel-owner')
    assert text(opened, 'fact-owner') == 'Maria Lund'


async def test_a_customer_is_snoozed_and_the_snooze_ended(opened: User, records: FakeRecords) -> None:
    assert not one_hidden(opened, 'wake').visible
    await press(opened, 'change-snooze')
    assert one(opened, 'input-snoozed_until').props['defaultValue'] == '2026-11-30'
    assert one(opened, 'input-snoozed_until').props['min'] == '2026-11-24'
    await send(opened, 'snooze', snoozed_until='', snooze_reason='')
    assert text(opened, 'error-snooze') == 'Write a day such as 2026-12-01.'
    await send(opened, 'snooze', snoozed_until='2026-12-01', snooze_reason='on holiday')
    assert records.changes == [RecordChange(snooze=Snooze(until=date(2026, 12, 1), reason='on holiday'))]
    assert text(opened, 'fact-snooze') == 'Snoozed until 1 Dec 2026'
    await press(opened, 'wake')
    assert records.changes[-1] == RecordChange(snooze=Snooze(until=None))
    assert text(opened, 'fact-snooze') == 'Listed as usual'


async def test_it_is_said_when_a_snooze_has_no_effect_any_more(user: User, customers: FakeCustomers) -> None:
    customers.known |= {'snoozed_until': '2026-12-01', 'woken_up': True}
    await user.open('/')
    await settled()
    assert text(user, 'fact-snooze').startswith('Listed all the same: 10 points or more above the score')


async def test_a_wake_that_fails_is_told(opened: User, records: FakeRecords, customers: FakeCustomers) -> None:
    customers.known['snoozed_until'] = '2026-12-01'
    records.error = Unavailable('The database does not answer.')
    for listener in one_hidden(opened, 'wake')._event_listeners.values():
        await listener.handler()  # type: ignore[misc]
    await opened.should_see('The database does not answer.')


# --- the way there


@pytest.mark.parametrize(
    ('customer', 'href'),
    [
        ('C-1', '/customers/C-1'),
        ('a/b', '/customers/a%2Fb'),
        ('a?b#c%', '/customers/a%3Fb%23c%25'),
        ('Ärger & Söhne', '/customers/%C3%84rger%20%26%20S%C3%B6hne'),
        ('.', '/customers?id=.'),
        ('..', '/customers?id=..'),
        ('...', '/customers/...'),
        ('javascript:alert(1)', '/customers/javascript%3Aalert%281%29'),
        ('//evil.example', '/customers/%2F%2Fevil.example'),
    ],
)
def test_every_id_has_an_address(customer: str, href: str) -> None:
    assert customer_href(customer) == href
