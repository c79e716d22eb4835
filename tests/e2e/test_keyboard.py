"""Everything without a pointer: the focus is always somewhere, and always seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.board import Board
from tests.e2e.conftest import value

SignIn = Callable[[Board, str], Page]
PERSON = 'kai-of-keyboards@example.com'
PAGES = ('/', '/data', '/connect', '/settings', '/customers/c1')

FOCUS = """() => {
    const held = document.activeElement;
    const seen = held.closest('.field-box, .drop-zone, .tip, label, .card:has(.card-link:focus)') ?? held;
    const marked = [held, seen].some((each) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each);
        return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none';
    });
    const { top, bottom, width, height } = seen.getBoundingClientRect();
    const header = held.closest('header, .skip') ? 0 : document.querySelector('header').getBoundingClientRect().bottom;
    return {
        lost: held === document.body || held === document.documentElement,
        marked,
        inside: bottom > Math.max(0, header) + 4 && top < innerHeight && width * height > 0,
        what: held.outerHTML.slice(0, 160),
    };
}"""


class Keyboard:
    """Presses keys, and after each looks where the focus is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.look()

    def look(self) -> str:
        """It may take a moment to arrive, where a dialog opens or an element goes."""
        try:
            self.page.wait_for_function(f"""() => {{
                const {{ lost, marked, inside }} = ({FOCUS})();
                return !lost && marked && inside;
            }}""")
        except TimeoutError as error:
            raise AssertionError(f'the focus is lost, unmarked or out of sight: {self.page.evaluate(FOCUS)}') from error
        return str(self.page.evaluate(FOCUS)['what'])

    def go_to(self, target: Locator, *, key: str = 'Tab', most: int = 120) -> None:
        """Tab until it is there; past the last stop, and past the browser's own controls, the page begins again."""
        for _ in range(most):
            if target.evaluate('element => element === document.activeElement'):
                self.look()
                return
            self.page.keyboard.press(key)
            if not self.page.evaluate('document.activeElement === document.body'):
                self.look()
        raise AssertionError(f'{target} is not reached by {key}')


@pytest.fixture(scope='module')
def rest(board: Board) -> Iterator[httpx.Client]:
    with board.rest(board.add_user(PERSON)) as rest:
        rows = [
            {'customer_id': f'c{number}', 'churn_score': 0.95 - number / 20, 'reasons': ['+Logins down']}
            for number in range(12)
        ]
        rest.post('/api/predictions', json=rows).raise_for_status()
        yield rest


@pytest.fixture
def person(board: Board, rest: httpx.Client, sign_in: SignIn) -> Page:
    page = sign_in(board, PERSON)
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    return page


@pytest.fixture
def keyboard(person: Page) -> Keyboard:
    return Keyboard(person)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role('button', name=name, exact=True).first


@pytest.mark.parametrize('path', PAGES)
def test_each_stop_on_the_way_through_a_page_is_seen(board: Board, person: Page, keyboard: Keyboard, path: str) -> None:
    person.goto(board.url + path)
    expect(person.locator('[data-connection]')).to_contain_text('Live')
    keyboard.press('Tab')
    expect(person.get_by_role('link', name='Skip to the content')).to_be_focused()
    seen = []
    for _ in range(60):
        person.keyboard.press('Tab')
        if person.evaluate('document.activeElement === document.body'):
            break  # past the last: the browser's own controls are next
        seen.append(keyboard.look())
    assert len(seen) > 8


def test_the_skip_link_leads_past_the_header(person: Page, keyboard: Keyboard) -> None:
    person.keyboard.press('Tab')
    person.keyboard.press('Enter')
    person.keyboard.press('Tab')
    keyboard.look()
    assert person.evaluate("document.activeElement.closest('header') === null")


def test_a_customer_is_reached_and_left_again(person: Page, keyboard: Keyboard) -> None:
    link = person.locator('.at-risk a').first
    keyboard.go_to(link)
    person.keyboard.press('Enter')
    expect(person).to_have_url(re.compile('/customers/c0$'))
    expect(person.locator('[data-connection]')).to_contain_text('Live')
    keyboard.go_to(person.get_by_role('link', name='Back to the board'))
    person.keyboard.press('Enter')
    expect(link).to_be_focused()
    keyboard.look()


def test_the_account_menu_leads_to_every_page_and_out(board: Board, person: Page, keyboard: Keyboard) -> None:
    keyboard.go_to(person.get_by_label('Account'))
    keyboard.press('Enter', 'Tab')
    expect(person.get_by_role('link', name='Settings')).to_be_focused()
    keyboard.press('Escape')
    expect(person.get_by_label('Account')).to_be_focused()
    keyboard.press('Enter')
    keyboard.go_to(person.get_by_role('link', name='Connect a program'))
    person.keyboard.press('Enter')
    expect(person).to_have_url(f'{board.url}/connect')
    expect(person.locator('[data-connection]')).to_contain_text('Live')
    keyboard.go_to(person.get_by_label('Account'))
    keyboard.press('Space')
    keyboard.go_to(button(person, 'Sign out'))
    person.keyboard.press('Enter')
    expect(person).to_have_url(re.compile('/login'))
    expect(person.get_by_label('E-mail')).to_be_focused()


def test_a_tip_is_put_away_without_losing_the_focus(person: Page, keyboard: Keyboard) -> None:
    about = person.get_by_role('button', name='About Average churn')
    tip = person.locator('.tip', has=about).locator('.tip-body')
    keyboard.go_to(about)
    expect(tip).to_be_visible()
    keyboard.press('Escape')
    expect(tip).to_be_hidden()
    expect(about).to_be_focused()
    keyboard.press('Tab', 'Shift+Tab')
    expect(tip).to_be_visible()


def test_the_board_is_filtered_paused_exported_and_refreshed(person: Page, keyboard: Keyboard) -> None:
    keyboard.go_to(person.get_by_label('Customer').first)
    person.keyboard.type('c1')
    expect(person).to_have_url(re.compile(r'\?q=c1$'))
    keyboard.look()
    remove = person.get_by_role('button', name=re.compile('Remove the filter'))
    keyboard.go_to(remove)
    person.keyboard.press('Enter')
    expect(person.locator('.chip')).to_have_count(0)
    keyboard.look()

    keyboard.go_to(person.locator('.choice-risk .choice-high'), key='Shift+Tab')
    keyboard.press('Space')
    expect(person).to_have_url(re.compile(r'\?risk=high$'))
    keyboard.go_to(button(person, 'Reset'))
    person.keyboard.press('Enter')
    expect(person.locator('.chip')).to_have_count(0)
    expect(value(person, 'total_predictions')).not_to_have_text('–')
    expect(person.locator('.filters [data-key="/"]')).to_be_focused()
    keyboard.look()

    keyboard.go_to(button(person, 'Refresh'))
    keyboard.press('Enter')
    keyboard.go_to(person.locator('summary', has_text='Export'))
    keyboard.press('Space')
    keyboard.go_to(person.get_by_role('button', name='CSV', exact=True))
    with person.expect_download():
        person.keyboard.press('Enter')
    keyboard.look()
    keyboard.press('Escape')
    expect(person.locator('summary', has_text='Export')).to_be_focused()

    keyboard.go_to(button(person, 'Pause'), key='Shift+Tab')
    keyboard.press('Enter')
    expect(button(person, 'Resume')).to_be_focused()
    keyboard.press('Space')
    expect(button(person, 'Pause')).to_be_focused()
    keyboard.press('Tab')
    expect(person.get_by_label('How often to update')).to_be_focused()


def test_a_file_is_brought_in_and_undone(board: Board, person: Page, keyboard: Keyboard) -> None:
    person.goto(f'{board.url}/data')
    expect(person.locator('[data-connection]')).to_contain_text('Live')
    keyboard.go_to(person.locator('input[type=file]').first)
    rows = b'customer_id,churn_score\nk1,0.5\nk2,0.6\n'
    with person.expect_file_chooser() as chooser:
        person.keyboard.press('Space')
    chooser.value.set_files({'name': 'by-keys.csv', 'mimeType': 'text/csv', 'buffer': rows})
    card = person.locator('[data-upload]')
    expect(card.get_by_role('heading', name='by-keys.csv')).to_be_focused()
    keyboard.go_to(card.get_by_role('button', name='Take in'))
    person.keyboard.press('Enter')
    expect(card.get_by_text('2 rows taken')).to_be_visible()
    keyboard.look()
    keyboard.go_to(button(person, 'Undo by-keys.csv'))
    keyboard.press('Enter')
    dialog = person.get_by_role('dialog')
    expect(dialog).to_be_visible()
    keyboard.go_to(dialog.get_by_role('button', name='Undo', exact=True))
    person.keyboard.press('Enter')
    expect(dialog).to_have_count(0)
    expect(person.locator('.status-note')).to_contain_text('is undone')
    keyboard.look()
