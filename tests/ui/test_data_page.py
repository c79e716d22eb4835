from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from nicegui import ui
from nicegui.testing import User, user_simulation
from nicegui.testing.user_interaction import UserInteraction

from app.pages.data import data_page
from app.pages.data_desk import LOOK_SECONDS
from app.pages.data_mapping import MappingChoice
from app.pages.data_pace import Pace
from app.pages.data_words import FIELD_HELP, FIELD_WORDS, size
from services.database_failures import UNKNOWN
from services.errors import NotFound, Unavailable
from services.prediction_rows import FIELDS
from services.upload_status import UploadState
from tests.ui import drawn
from tests.ui.board_user import one, one_hidden, settled, text, touched
from tests.ui.fakes import FakeIdentity
from tests.ui.fakes_data import PREVIEW, READY, SOURCES, FakeDataServices, FakeUploads, source


@pytest.fixture
def services(tmp_path: Path) -> FakeDataServices:
    return FakeDataServices(uploads=FakeUploads(tmp_path))


@pytest.fixture
def uploads(services: FakeDataServices) -> FakeUploads:
    return services.uploads


@pytest.fixture
async def user(services: FakeDataServices) -> AsyncIterator[User]:
    """A browser in front of alice's data page; a test opens it itself."""
    page = data_page(services)

    async def signed_in() -> None:
        ui.context.client.request.scope['churnboard.identity'] = FakeIdentity()
        await page()

    async with user_simulation(root=signed_in) as user:
        yield user


@pytest.fixture
async def arrived(user: User, uploads: FakeUploads) -> User:
    """A file has just come in."""
    await user.open('/')
    uploads.upload = READY
    await send(user, 'u1')
    return user


async def send(user: User, upload_id: object) -> None:
    """What the browser says when all of a file has arrived."""
    user.find(marker='drop-zone').trigger('arrived', upload_id)
    await settled()


async def choose(user: User, column: int, field: object) -> None:
    user.find(marker=f'column-{column}').trigger('change', field)
    await settled()


async def press(user: User, marker: str) -> None:
    user.find(marker=marker).click()
    await settled()


async def until_shown(user: User, content: str) -> None:
    """What a look every half a second brings."""
    await user.should_see(content, retries=12)


def texts(user: User, marker: str) -> list[str]:
    """All text below an element, hidden parts left out."""
    found = [one(user, marker)]
    words = []
    while found:
        element = found.pop(0)
        if element.visible:
            words.append(str(getattr(element, 'text', '') or ''))
            found[:0] = element.default_slot.children
    return [word for word in words if word]


async def test_a_file_that_arrived_is_shown_with_a_guess_of_what_its_columns_hold(arrived: User) -> None:
    await arrived.should_see('scores.csv')
    await arrived.should_see('Grün <b>& Co')
    assert text(arrived, 'upload-facts') == 'CSV · 1.2 MB · 4 columns'
    chosen = [
        option.props['value']
        for index in range(4)
        for option in one(arrived, f'column-{index}').default_slot.children
        if option.props.get('selected')
    ]
    assert chosen == ['', 'customer_name', 'churn_score', '']


async def test_what_is_missing_is_said_and_nothing_can_be_taken_in_until_it_is_chosen(
    arrived: User, uploads: FakeUploads
) -> None:
    assert text(arrived, 'mapping-note') == 'Choose which column holds the customer id.'
    await press(arrived, 'take')
    assert uploads.started == []

    await choose(arrived, 0, 'customer_id')
    assert text(arrived, 'mapping-note') == '3 columns are used, 1 ignored.'
    await press(arrived, 'take')
    expected = {'Account': 'customer_id', 'Name': 'customer_name', 'Risk': 'churn_score'}
    assert uploads.started == [(expected, False)]


async def test_a_field_chosen_twice_is_named_with_its_columns(arrived: User, uploads: FakeUploads) -> None:
    await choose(arrived, 0, 'customer_id')
    await choose(arrived, 3, 'customer_id')

    assert text(arrived, 'mapping-note') == 'Customer id is chosen for “Account” and “Owner”: keep one.'
    assert one(arrived, 'column-3').props['aria-invalid'] == 'true'
    await press(arrived, 'take')
    assert uploads.started == []

    await choose(arrived, 3, '')
    assert 'aria-invalid' not in one(arrived, 'column-0').props


async def test_a_choice_that_is_none_changes_nothing(arrived: User) -> None:
    for nonsense in ('no_field', 7, None, ['customer_id'], {'a': 1}, 'x' * 100_000):
        await choose(arrived, 2, nonsense)
        assert text(arrived, 'mapping-note') == 'Choose which column holds the customer id.'


async def test_an_id_that_belongs_to_no_upload_of_the_user_shows_none(
    user: User, uploads: FakeUploads, caplog: pytest.LogCaptureFixture
) -> None:
    await user.open('/')
    uploads.upload = replace(READY, state=UploadState.DONE)
    for nonsense in ('u2', '', '../u1', 'x' * 100_000, 7, None, ['u1'], {'id': 'u1'}):
        await send(user, nonsense)
        await user.should_not_see(marker='upload', retries=1)
    assert caplog.records == [], 'it is no failure of ours'


async def test_progress_is_shown_twice_a_second_until_the_end_and_nobody_looks_after_it(
    arrived: User, uploads: FakeUploads
) -> None:
    await choose(arrived, 0, 'customer_id')
    await press(arrived, 'take')
    uploads.become(UploadState.CHECKING, rows=12_500, rejected=3)
    await until_shown(arrived, 'Checking: 12,500 rows read, 3 rejected')
    assert 'value' not in one(arrived, 'progress-bar').props, 'nobody knows yet how many there are'

    uploads.become(UploadState.STORING, rows=20_003, stored=5_000, rejected=3)
    await until_shown(arrived, 'Storing: 5,000 of 20,000 rows, 3 rejected')
    assert one(arrived, 'progress-bar').props['value'] == '25'

    uploads.become(UploadState.STORING, stored=10_000)
    await until_shown(arrived, 'rows/s')

    uploads.become(UploadState.DONE, rejected=0, message='20,000 rows taken, 0 corrected, 0 duplicates, 0 rejected.')
    await until_shown(arrived, '20,000 rows taken')
    await arrived.should_see('See the board')
    await asyncio.sleep(LOOK_SECONDS + 0.1)
    assert arrived.client
    assert LOOK_SECONDS not in [e.interval for e in arrived.client.elements.values() if isinstance(e, ui.timer)]


async def test_bad_rows_are_shown_with_a_way_to_all_of_them_and_the_good_ones_can_be_taken(
    arrived: User, uploads: FakeUploads
) -> None:
    await choose(arrived, 0, 'customer_id')
    await press(arrived, 'take')
    uploads.become(UploadState.FAILED, rows=1_000, rejected=34, message='Nothing was taken: 34 rows are not valid.')
    await until_shown(arrived, 'Nothing was taken: 34 rows are not valid.')

    cells = texts(arrived, 'fault-rows')
    assert cells[:4] == ['2', 'churn_score', '2.5', 'Write a number.']
    assert len(cells) == 20 * 4
    assert text(arrived, 'all-faults') == 'Download all 34 as CSV'
    assert one(arrived, 'all-faults').props['href'] == '/api/uploads/u1/errors'

    assert text(arrived, 'take-good') == 'Take the 966 good rows only'
    await press(arrived, 'take-good')
    assert uploads.started[-1][1] is True
    assert 'Account' in uploads.started[-1][0], 'the columns stay as they were chosen'


async def test_a_file_without_a_good_row_offers_none_to_be_taken(arrived: User, uploads: FakeUploads) -> None:
    uploads.become(UploadState.FAILED, rows=5, rejected=5, message='Nothing was taken: 5 rows are not valid.')
    await send(arrived, 'u1')
    assert not one_hidden(arrived, 'take-good').visible
    assert text(arrived, 'take') == 'Check again'


async def test_an_upload_goes_on_for_a_page_that_is_opened_meanwhile(user: User, uploads: FakeUploads) -> None:
    uploads.upload = READY
    uploads.become(UploadState.STORING, rows=100, stored=40)
    await user.open('/')
    await user.should_see('Storing: 40 of 100 rows')

    uploads.become(UploadState.DONE, message='100 rows taken.')
    await until_shown(user, '100 rows taken.')


async def test_a_file_that_waits_is_found_again_by_a_page_opened_later(user: User, uploads: FakeUploads) -> None:
    uploads.upload = READY
    await user.open('/')
    await user.should_see('What each column holds')
    await user.should_see('Grün <b>& Co')


async def test_cancelling_forgets_the_file(arrived: User, uploads: FakeUploads) -> None:
    await press(arrived, 'discard')
    assert uploads.upload is None
    await arrived.should_not_see(marker='upload')


async def test_an_upload_that_is_gone_says_so_instead_of_going_on(arrived: User, uploads: FakeUploads) -> None:
    await choose(arrived, 0, 'customer_id')
    uploads.upload = None
    await press(arrived, 'take')
    assert text(arrived, 'upload-message').startswith('This upload is no longer here')
    assert not one_hidden(arrived, 'take').visible


async def test_a_start_that_fails_says_why_and_can_be_tried_again(arrived: User, uploads: FakeUploads) -> None:
    await choose(arrived, 0, 'customer_id')
    uploads.error = Unavailable('The database does not answer.')
    await press(arrived, 'take')
    assert text(arrived, 'upload-message') == 'The database does not answer.'

    uploads.error = None
    await press(arrived, 'take')
    assert len(uploads.started) == 1


async def test_a_wide_file_shows_what_it_may_hold_and_all_columns_on_request(user: User, uploads: FakeUploads) -> None:
    columns = tuple(f'c{number}' for number in range(140))
    row = tuple(f'v{number}' for number in range(140))
    guessed = {'c90': 'customer_id', 'c120': 'churn_score'}
    uploads.shown = replace(PREVIEW, columns=columns, rows=(row,), guessed=guessed)
    await user.open('/')
    uploads.upload = READY
    await send(user, 'u1')
    await user.should_see('v120')
    await user.should_not_see('v60')

    await choose(user, 3, 'customer_name')
    await press(user, 'all-columns')
    await user.should_see('v60')
    selected = [o.props['value'] for o in one(user, 'column-3').default_slot.children if o.props.get('selected')]
    assert selected == ['customer_name'], 'what was chosen stays'


async def test_the_history_names_every_source_with_its_counts(user: User) -> None:
    await user.open('/')
    rows = texts(user, 'source-rows')
    assert rows[:7] == ['week-9.csv', 'File', '7,043', '12', '0', '0', 'Undo']
    assert rows[7:10] == ['Sent by programs', 'API', '120,438']
    assert rows[14:16] == ['Sample data', 'Sample']


async def test_without_a_source_the_history_says_what_will_stand_there(user: User, uploads: FakeUploads) -> None:
    uploads.sources = ()
    await user.open('/')
    await user.should_see(marker='no-sources')


@pytest.mark.parametrize(
    ('index', 'sentences'),
    [
        (0, ('Undo week-9.csv?', 'removes its 7,043 predictions', 'The 12 earlier values it corrected come back')),
        (1, ('Remove everything the API sent?', 'not one call but all of them', '120,438 predictions')),
        (2, ('Remove the sample data?', 'Your own predictions stay')),
    ],
)
async def test_undo_says_first_what_will_happen(user: User, index: int, sentences: tuple[str, ...]) -> None:
    await user.open('/')
    undo(user, index)
    for sentence in sentences:
        await user.should_see(sentence)


async def test_undo_removes_a_source_and_says_what_came_of_it(
    user: User, uploads: FakeUploads, services: FakeDataServices
) -> None:
    await user.open('/')
    undo(user, 0)
    await press(user, 'dialog-confirm')

    assert uploads.undone == [(1, 9)]
    await user.should_see('week-9.csv is undone: 7,043 predictions removed, 12 earlier values are back.')
    assert texts(user, 'source-rows')[0] == 'Sent by programs'


async def test_undoing_what_a_card_shows_is_told_once_and_shown_on_the_card(
    arrived: User, uploads: FakeUploads, services: FakeDataServices
) -> None:
    uploads.become(UploadState.DONE, message='7,043 rows taken.')
    await services.hub.change()
    await arrived.should_see('7,043 rows taken.', retries=12)

    uploads.become(UploadState.DONE, message='This upload was undone.')
    undo(arrived, 0)
    await press(arrived, 'dialog-confirm')
    assert text(arrived, 'upload-message') == 'This upload was undone.'
    assert drawn.spoken(arrived).startswith('week-9.csv is undone')


@pytest.mark.parametrize('error', [Unavailable(UNKNOWN), NotFound('There is no such source.')])
async def test_an_undo_that_fails_keeps_the_source_and_says_why(
    user: User, uploads: FakeUploads, error: Exception
) -> None:
    await user.open('/')
    undo(user, 0)
    uploads.error = error  # type: ignore[assignment]
    await press(user, 'dialog-confirm')

    await user.should_see(f'week-9.csv: {error}')
    await user.should_not_see('nothing has changed')  # which is more than anybody may know
    assert texts(user, 'source-rows')[0] == 'week-9.csv'


async def test_a_change_elsewhere_touches_the_rows_it_concerns_and_no_other(
    user: User, uploads: FakeUploads, services: FakeDataServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await user.open('/')
    await settled()
    uploads.sources = (SOURCES[0], replace(SOURCES[1], accepted=120_439), SOURCES[2])
    elements = touched(client, monkeypatch)
    await services.hub.change()
    await settled()

    assert [element.text for element in elements if isinstance(element, ui.element) and hasattr(element, 'text')] == [
        '120,439'
    ]


async def test_a_paused_page_shows_changes_when_it_is_resumed(
    user: User, uploads: FakeUploads, services: FakeDataServices
) -> None:
    await user.open('/')
    drawn.press(user, 'pause')
    await settled()
    uploads.sources = (source(10), *SOURCES)
    await services.hub.change()
    await settled()
    assert texts(user, 'source-rows')[0] == 'week-9.csv'

    drawn.press(user, 'pause')
    await settled()
    assert texts(user, 'source-rows')[0] == 'week-10.csv'


async def test_a_history_that_cannot_be_read_keeps_the_last_one_and_says_so_until_it_can(
    user: User, services: FakeDataServices
) -> None:
    await user.open('/')
    services.hub.error = Unavailable('The database does not answer.')
    await services.hub.change()
    await settled()
    await user.should_see('The database does not answer.')
    assert texts(user, 'source-rows')[0] == 'week-9.csv'
    assert one(user, 'connection').props['data-delayed'] == 'true'

    services.hub.error = None
    drawn.press(user, 'error')
    await settled()
    assert not one_hidden(user, 'error-banner').visible


async def test_many_sources_are_shown_in_parts(user: User, uploads: FakeUploads) -> None:
    uploads.sources = tuple(source(number) for number in range(120, 0, -1))
    await user.open('/')
    await user.should_see('The newest 50 of 120 sources')
    await user.should_not_see('week-70.csv', retries=1)
    await press(user, 'more-sources')
    await press(user, 'more-sources')
    await user.should_see('week-1.csv')
    await user.should_see('120 sources, newest first')


async def test_the_navigation_marks_the_page_it_stands_on(user: User) -> None:
    await user.open('/')
    links = [link.attributes for link in drawn.page(user).all('page-link')]
    assert {link['href']: link.get('aria-current') for link in links} == {'/': None, '/data': 'page'}


async def test_a_closed_page_watches_nobody_any_more(user: User, services: FakeDataServices) -> None:
    client = await user.open('/')
    client.delete()
    assert [watch.closed for watch in services.hub.watches] == [True]


def test_every_field_has_words() -> None:
    assert tuple(FIELD_WORDS) == tuple(FIELD_HELP) == FIELDS


def test_a_column_that_is_called_like_a_field_can_be_ignored() -> None:
    choice = MappingChoice(('Customer_ID', 'churn_score', 'status'), {'Customer_ID': 'customer_id', 'status': 'status'})
    choice.choose(2, '')
    assert choice.mapping() == {'Customer_ID': 'customer_id', 'churn_score': '', 'status': ''}


def test_the_pace_is_that_of_the_last_seconds_of_the_same_stage() -> None:
    pace = Pace()
    assert pace.rate('checking', 0, at=100) is None
    assert pace.rate('checking', 500, at=100.5) == 1_000
    assert pace.rate('checking', 10_500, at=110.5) == 1_000
    assert pace.rate('checking', 30_500, at=120.5) == 2_000
    assert pace.rate('storing', 0, at=121) is None


@pytest.mark.parametrize(
    ('number', 'words'),
    [
        (0, '0 bytes'),
        (1, '1 byte'),
        (999, '999 bytes'),
        (1_000, '1.0 KB'),
        (1_234_567, '1.2 MB'),
        (5 * 10**9, '5.0 GB'),
    ],
)
def test_sizes_are_short(number: int, words: str) -> None:
    assert size(number) == words


def undo(user: User, index: int) -> None:
    """Press the button of one of the sources."""
    row = one(user, 'source-rows').default_slot.children[index]
    (button,) = (element for element in row.descendants() if 'undo' in element._markers)
    UserInteraction(user, {button}, None).click()


@pytest.mark.parametrize('read', [True, False])
async def test_parquet_is_offered_only_where_it_is_read(
    user: User, uploads: FakeUploads, monkeypatch: pytest.MonkeyPatch, read: bool
) -> None:
    monkeypatch.setattr('app.pages.data_desk.parquet_is_read', lambda: read)
    await user.open('/')
    await user.should_see('CSV, gzipped or not, or Parquet.' if read else 'CSV, gzipped or not. You')
    if not read:
        await user.should_not_see('Parquet.')
