"""A picture holds what is seen, as text, and nothing that acts or can be found."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from components.markup import Node, slot, tag
from components.markup_html import html_of

HOSTILE = '</dd><script>alert(1)</script><img src=x onerror="alert(2)">&amp;\'`${1}'


class Parsed(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ''
        self.feed(html)
        self.close()

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(name)
        self.attributes += attributes

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_tree_is_written_with_what_it_holds() -> None:
    line = tag('svg', 'spark', tag('path', d='M0 0L1 1'), viewBox='0 0 100 28')
    drawn = html_of(tag('dl', 'cards', tag('dt', '', 'High risk'), tag('dd', 'card-value', '2,210'), line))
    assert drawn == (
        '<dl class="cards"><dt>High risk</dt><dd class="card-value">2,210</dd>'
        '<svg viewBox="0 0 100 28" class="spark"><path d="M0 0L1 1"></path></svg></dl>'
    )


def test_a_hostile_name_is_text() -> None:
    found = Parsed(html_of(tag('dl', '', tag('dd', 'customer-name', HOSTILE))))
    assert found.tags == ['dl', 'dd']
    assert found.text == HOSTILE


@pytest.mark.parametrize('node', [
    tag('input', 'field-input', begins=f'"><script>{HOSTILE}'),
    tag('input', f'"><script>{HOSTILE}', placeholder=f'" autofocus onfocus="{HOSTILE}'),
])  # fmt: skip
def test_a_hostile_value_stays_in_its_attribute(node: Node) -> None:
    found = Parsed(html_of(node))
    assert found.tags == ['input']
    assert {name for name, _ in found.attributes} <= {'value', 'class', 'placeholder'}
    assert any(value and HOSTILE in value for _, value in found.attributes)


def test_nothing_in_it_can_be_found_or_named_twice() -> None:
    node = tag('button', 'button', 'Go', id='go', name='go', key='k', aria_labelledby='x', data_action='do', role='tab')
    assert html_of(node) == '<button class="button">Go</button>'


def test_what_a_style_sheet_tells_apart_is_kept() -> None:
    pressed = tag('button', 'button', 'High', type='button', aria_pressed='true')
    assert html_of(pressed) == '<button type="button" aria-pressed="true" class="button">High</button>'


def test_what_nobody_sees_is_left_out() -> None:
    tip = tag('span', 'tip', tag('button', 'tip-button', 'i'), tag('span', 'tip-body', 'All predictions.'))
    menu = tag('details', 'menu', tag('summary', 'button', 'Export'), tag('div', 'menu-panel', 'CSV'))
    drawn = html_of(tag('div', '', tip, menu, tag('p', 'sr-only', 'News'), tag('p', 'note hidden', 'Later')))
    assert drawn == (
        '<div><span class="tip"><button class="tip-button">i</button></span>'
        '<details class="menu"><summary class="button">Export</summary></details></div>'
    )


def test_a_select_stands_where_it_stood() -> None:
    options = (tag('option', '', name, value=name) for name in ('live', 'off'))
    assert html_of(tag('select', '', *options, value='off')) == (
        '<select value="off"><option value="live">live</option><option value="off" selected>off</option></select>'
    )


def test_times_are_left_to_the_browser_that_knows_its_clock() -> None:
    assert html_of(tag('time', '', datetime='2026-01-01T00:00:00Z')) == '<time></time>'


@pytest.mark.parametrize('tree', [['script', {}, ['alert(1)']], ['p', {}, [['iframe', {}, []]]], ['img', {}, []]])
def test_what_is_no_tag_of_a_page_is_refused(tree: object) -> None:
    with pytest.raises(ValueError, match='no tag for a page'):
        html_of(tree)


@pytest.mark.parametrize('place', ['javascript:alert(1)', '//elsewhere.example', 'https://elsewhere.example'])
def test_nothing_leads_away_from_this_server(place: str) -> None:
    assert html_of(['a', {'href': place}, ['Go']]) == '<a>Go</a>'
    assert html_of(['a', {'href': '/data'}, ['Go']]) == '<a href="/data">Go</a>'


def test_of_what_draws_itself_by_a_script_there_is_nothing() -> None:
    assert html_of(tag('div', 'chart-frame', slot('default'))) == '<div class="chart-frame"></div>'
