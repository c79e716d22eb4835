"""How the pages are for people who see, move or read otherwise: less motion, own colours, large text, and listening."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.conftest import value
from tests.e2e.shifts import shifts, watch_shifts

SignIn = Callable[[Board, str], Page]
PERSON = 'rhea-of-reading@example.com'
PAGES = ('/', '/data', '/connect', '/settings', '/customers/C-25', '/customers/nobody')

LINK_WORDS = ('Connecting', 'Live', 'Delayed', 'Reconnecting…')


def scores(seed: int, customers: int = 30) -> list[dict[str, object]]:
    """Others for each customer, and as many of each band."""
    places = random.Random(seed).sample(range(customers), customers)
    return [
        {
            'customer_id': f'C-{number}',
            'customer_name': f'Nordlicht Logistik & Söhne {number}',
            'churn_score': round(places[number] / customers, 3),
            'account_value': 1_000 * number,
            'reasons': ['+Logins down by half', '-Contract of three years'][: 1 + number % 2],
        }
        for number in range(customers)
    ]


@pytest.fixture(scope='module')
def rest(board: Board) -> Iterator[httpx.Client]:
    with board.rest(board.add_user(PERSON)) as rest:
        rest.post('/api/predictions', json=scores(1)).raise_for_status()
        yield rest


@pytest.fixture
def person(board: Board, rest: httpx.Client, sign_in: SignIn) -> Page:
    page = sign_in(board, PERSON)
    expect(page.locator('[data-connection]')).to_contain_text('Live')
    return page


def load(page: Page, board: Board, path: str) -> None:
    page.goto(board.url + path)
    expect(page.locator('[data-connection]')).to_contain_text('Live', timeout=20_000)


def test_nothing_moves_for_whoever_asked_for_less_motion(person: Page, board: Board, rest: httpx.Client) -> None:
    person.emulate_media(reduced_motion='reduce')
    for path in PAGES:
        load(person, board, path)
        assert person.evaluate('document.getAnimations().length') == 0, path
    load(person, board, '/')
    for chart in person.locator('[data-lazy]').all():
        chart.scroll_into_view_if_needed()
        expect(chart.locator('.main-svg').first).to_be_visible(timeout=30_000)
    before = value(person, 'total_predictions').inner_text()
    rest.post('/api/predictions', json=scores(2)).raise_for_status()
    expect(value(person, 'total_predictions')).not_to_have_text(before, timeout=20_000)
    assert person.evaluate('document.getAnimations().length') == 0, 'nor when the numbers change'


def test_risk_and_focus_are_told_apart_in_the_reader_s_own_colours(person: Page) -> None:
    person.emulate_media(forced_colors='active')
    chip = person.locator('.at-risk .rows .risk').first
    expect(chip).to_contain_text('High')
    sign = chip.evaluate("chip => getComputedStyle(chip, '::before').content")
    assert '▲' in sign, 'by shape, and not by colour alone'
    person.keyboard.press('Tab')
    person.keyboard.press('Tab')
    for _ in range(12):
        style = person.evaluate(
            """() => {
                const field = document.activeElement.closest('.field-box') ?? document.activeElement;
                const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(field);
                return [document.activeElement.outerHTML.slice(0, 80), outlineStyle, outlineWidth, outlineColor];
            }"""
        )
        assert style[1] in ('solid', 'auto') and float(style[2].removesuffix('px')) >= 2, style
        assert style[3] not in ('rgba(0, 0, 0, 0)', 'transparent'), style
        person.keyboard.press('Tab')
    high = person.get_by_role('button', name='High', exact=False).first
    ground = 'button => getComputedStyle(button).backgroundColor'
    plain = high.evaluate(ground)
    high.click()
    expect(high).to_have_attribute('aria-pressed', 'true', timeout=60_000)
    assert high.evaluate(ground) != plain, 'what is pressed is seen, and does not look like what has the focus'


@pytest.mark.parametrize('width', [320, 768])
def test_every_page_flows_into_the_width_there_is(person: Page, board: Board, width: int) -> None:
    """320 px is also what is left of 1,280 px at 400 %."""
    person.set_viewport_size({'width': width, 'height': 256 if width == 320 else 1024})
    for path in (*PAGES, '/login', '/api/docs', '/api/asyncapi'):
        person.goto(board.url + path)
        person.wait_for_load_state('load')
        assert person.evaluate('document.documentElement.scrollWidth') <= width, path


def test_the_header_leaves_room_to_read_at_four_times_the_size(person: Page) -> None:
    person.set_viewport_size({'width': 320, 'height': 256})
    header = person.locator('header.top')
    person.evaluate('window.scrollTo(0, 600)')
    box = header.bounding_box()
    assert box
    covered = max(0.0, box['y'] + box['height'])
    assert covered <= 256 / 3, f'{covered:.0f} of 256 px are covered'


def test_text_that_is_spaced_out_is_not_cut_off(person: Page) -> None:
    """WCAG 1.4.12: line height 1.5, paragraphs 2, letters 0.12 and words 0.16 of the size."""
    spacing = '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }'
    for width in (1440, 360):
        person.set_viewport_size({'width': width, 'height': 900})
        person.add_style_tag(content=f'{spacing} p {{ margin-bottom: 2em !important }}')
        person.wait_for_function(f'document.documentElement.scrollWidth <= {width}')  # charts follow a moment later
        cut = person.evaluate(
            """() => [...document.querySelectorAll('.card-value, .card-title > span, .panel-title, .risk, .button')]
                .filter((each) => each.offsetParent && each.scrollWidth > each.clientWidth + 1)
                .filter((each) => getComputedStyle(each).overflow !== 'visible')
                .map((each) => each.outerHTML.slice(0, 120))"""
        )
        assert cut == []


@pytest.mark.parametrize('width', [768, 412, 360, 320])
def test_a_paused_page_says_of_when_it_is_beside_the_way_to_go_on(person: Page, width: int) -> None:
    person.set_viewport_size({'width': width, 'height': 700})
    person.get_by_role('button', name='Pause').click()
    expect(person.locator('[data-connection]')).to_contain_text('Paused')
    expect(person.locator('.as-of')).to_contain_text(re.compile('now|ago'))  # longer than while it is live
    covered = person.evaluate(
        """() => {
            const text = document.createRange();
            text.selectNodeContents(document.querySelector('.as-of'));
            const held = document.querySelector('.updates').getBoundingClientRect();
            return [...text.getClientRects()].some((box) => box.right > held.left && box.left < held.right
                && box.bottom > held.top && box.top < held.bottom);
        }"""
    )
    person.get_by_role('button', name='Resume').click()
    expect(person.locator('[data-connection]')).to_contain_text('Live')  # it is remembered: others come after this one
    assert not covered


@pytest.mark.parametrize('width', [1440, 768, 360])
def test_updates_shift_nothing(person: Page, rest: httpx.Client, width: int) -> None:
    person.set_viewport_size({'width': width, 'height': 900})
    person.wait_for_timeout(1_000)  # what the new width moves is the reader's doing
    watch_shifts(person)
    for seed in range(3, 8):
        before = value(person, 'total_predictions').inner_text()
        rest.post('/api/predictions', json=scores(seed)).raise_for_status()
        expect(value(person, 'total_predictions')).not_to_have_text(before, timeout=20_000)
    person.wait_for_timeout(500)
    assert shifts(person) == []


def test_what_changed_is_said_once_and_never_at_load(person: Page, board: Board, rest: httpx.Client) -> None:
    person.evaluate(
        """() => {
            window.said = [];
            const watch = (changes) => changes.forEach(({ target }) => {
                const region = (target.closest ? target : target.parentElement)?.closest('[role=status], [role=alert]');
                if (region?.textContent) window.said.push(region.textContent);
            });
            new MutationObserver(watch).observe(document, { subtree: true, childList: true, characterData: true });
        }"""
    )
    filled = {text.strip() for text in person.get_by_role('status').all_inner_texts()}
    assert filled <= {'', *LINK_WORDS}, 'nothing else is said when the page is there'
    rest.post('/api/predictions', json=[{'customer_id': 'C-0', 'churn_score': 0.1}]).raise_for_status()
    fresh = [{'customer_id': f'new-{number}', 'churn_score': 0.95} for number in range(2)]
    rest.post('/api/predictions', json=fresh).raise_for_status()
    person.wait_for_function("window.said.some((words) => words.includes('high risk'))", timeout=20_000)
    rest.post('/api/predictions', json=[{'customer_id': 'new-2', 'churn_score': 0.95}]).raise_for_status()
    expect(person.locator('.at-risk')).to_contain_text('new-2', timeout=20_000)
    person.wait_for_timeout(6_000)
    said = [words for words in person.evaluate('window.said') if words not in LINK_WORDS]
    assert len(said) == 1, f'beats say nothing, nor does a second change so soon: {said}'
