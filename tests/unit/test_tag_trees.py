"""What can, and what cannot, get into the parts of a page that are drawn from data."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from components.formats import NumberFormat, count, written_as
from components.markup import Node, Rows, nodes, slot, tag

HOSTILE = '<img src=x onerror=alert(1)>'


def as_sent(node: Any) -> Any:
    return orjson.loads(orjson.dumps(node))


def test_a_tag_holds_its_attributes_tags_and_text() -> None:
    row = tag('li', 'row', tag('a', '', 'Acme', href='/customers/7'), None, HOSTILE, key='7', data_item='7', role=None)
    assert as_sent(row) == [
        'li',
        {'data-item': '7', 'class': 'row', 'key': '7'},
        [['a', {'href': '/customers/7'}, ['Acme']], HOSTILE],
    ]


@pytest.mark.parametrize('name', ['script', 'style', 'iframe', 'img', 'object', 'base', 'meta', 'q-html', 'A', ''])
def test_a_tag_that_could_do_something_by_itself_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match='is no tag'):
        tag(name)


@pytest.mark.parametrize(
    'name',
    ['onclick', 'onClick', 'innerHTML', 'textContent', '.innerHTML', '^onclick', 'style', 'src', 'srcdoc', 'ref', 'is'],
)
def test_an_attribute_that_could_do_something_by_itself_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match='is no attribute'):
        tag('a', **{name: 'x'})


@pytest.mark.parametrize(
    'href',
    [
        'javascript:alert(1)',
        '//evil.example',
        '/\\evil.example',
        '/\t/evil.example',
        '\n//evil.example',
        ' /',
        '/a b',
        'https://evil.example',
        'customers',
        '',
    ],
)
def test_a_link_that_could_lead_away_from_the_server_is_refused(href: str) -> None:
    with pytest.raises(ValueError, match='is no place on this server'):
        tag('a', href=href)
    with pytest.raises(ValueError, match='is no place on this server'):
        tag('form', action=href)


@pytest.mark.parametrize('href', ['/', '/?risk=high&q=a%20b', '/customers/a%2Fb', '/customers?id=..', '#c3'])
def test_a_link_within_the_server_is_taken(href: str) -> None:
    assert as_sent(tag('a', href=href)) == ['a', {'href': href}, []]


def test_what_a_field_begins_with_is_no_property_that_would_be_written_at_each_update() -> None:
    field = tag('input', '', begins='acme', name='q')
    assert as_sent(field) == ['input', {'^value': 'acme', 'name': 'q'}, []]
    assert as_sent(tag('label', '', 'Name', for_='q')) == ['label', {'for': 'q'}, ['Name']]


def test_a_row_is_drawn_once_while_it_is_in_its_list_and_for_each_way_of_writing_numbers() -> None:
    drawn = []

    def row(number: int) -> Node:
        drawn.append(number)
        return tag('li', '', count(number))

    rows = Rows(row)
    assert as_sent(rows.of((1_000, 2_000))) == [['li', {}, ['1,000']], ['li', {}, ['2,000']]]
    assert as_sent(rows.of((3_000, 1_000))) == [['li', {}, ['3,000']], ['li', {}, ['1,000']]]
    assert drawn == [1_000, 2_000, 3_000]
    rows.of((2_000,))
    assert drawn == [1_000, 2_000, 3_000, 2_000], 'what left the list is not kept'
    with written_as(NumberFormat(decimal=',', group='.')):
        assert as_sent(rows.of((2_000,))) == [['li', {}, ['2.000']]]


def test_all_tags_of_a_tree_are_found_in_their_order() -> None:
    tree = as_sent(tag('ul', '', 'a', tag('li', '', tag('span', '', 'b')), tag('p')))
    assert [name for name, _, _ in nodes(tree)] == ['ul', 'li', 'span', 'p']


def test_a_slot_cannot_be_written_as_a_tag() -> None:
    assert as_sent(tag('div', '', slot('table'))) == ['div', {}, [['slot', {'name': 'table'}, []]]]
    with pytest.raises(ValueError, match='no tag'):
        tag('slot')
