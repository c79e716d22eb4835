"""The cards of the board in a real browser: they lead to what they count."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.board import Board
from tests.e2e.conftest import now, value

PERSON = 'carla-of-cards@example.com'


def test_a_card_leads_to_its_view_and_the_back_button_out_of_it(
    board: Board, sign_in: Callable[[Board, str], Page], page: Page
) -> None:
    with board.rest(board.add_user(PERSON)) as rest:
        scores = [0.9, 0.8, 0.2]
        rows = [{'customer_id': f'c{n}', 'churn_score': each, 'predicted_at': now()} for n, each in enumerate(scores)]
        assert rest.post('/api/predictions', json=rows).status_code == 200
    sign_in(board, PERSON)
    expect(value(page, 'total_predictions')).to_have_text('3')
    page.evaluate('window.here = true')

    page.locator('.card-high_risk_predictions').click(position={'x': 60, 'y': 60})  # anywhere on it

    expect(page).to_have_url(re.compile(r'\?risk=high$'))
    expect(value(page, 'total_predictions')).to_have_text('2')
    expect(page.locator('.at-risk .rows .row')).to_have_count(2)
    expect(page.get_by_role('heading', name='Customers at risk')).to_be_focused()
    page.go_back()
    expect(value(page, 'total_predictions')).to_have_text('3')
    assert page.evaluate('window.here'), 'the page stayed'


AGED = """() => {
    const box = (element) => element.getBoundingClientRect().toJSON();
    const places = () => [...document.querySelectorAll('.card, .card-title > :not(.age), .card-value')].map(box);
    const before = JSON.stringify(places());
    const ages = [...document.querySelectorAll('.card-title .age')];
    for (const each of ages) each.textContent = '59 min ago';
    const covers = (one, other) =>
        one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
    const texts = [...document.querySelectorAll('.card-title > :first-child, .card-value, .tip')].map(box);
    return {
        moved: JSON.stringify(places()) !== before,
        covered: ages.filter((age) => texts.some((text) => covers(box(age), text))).length,
        outside: ages.filter((age) => box(age).right > box(age.closest('.card')).right).length,
    };
}"""


@pytest.mark.parametrize('width', [320, 360, 414])
def test_on_a_phone_the_age_of_a_number_moves_and_covers_nothing(
    board: Board, sign_in: Callable[[Board, str], Page], page: Page, width: int
) -> None:
    page.set_viewport_size({'width': width, 'height': 700})
    email = f'age-{width}@example.com'
    with board.rest(board.add_user(email)) as rest:
        assert rest.post('/api/predictions', json=[{'customer_id': 'c', 'churn_score': 0.5}]).status_code == 200
    sign_in(board, email)
    expect(value(page, 'total_predictions')).to_have_text('1', timeout=30_000)
    assert page.evaluate(AGED) == {'moved': False, 'covered': 0, 'outside': 0}
