from __future__ import annotations

from typing import Any

import orjson
import pytest

from components.markup import Encoded, tag
from components.template import Template, place


def decoded(tree: Encoded) -> Any:
    return orjson.loads(orjson.dumps(tree))


def test_texts_and_trees_are_filled_in_where_their_places_are() -> None:
    template = Template(tag('p', 'note', 'before ', place('words'), place('more'), title=place('tip')))
    filled = template.filled(more=tag('strong', '', '9 %'), words='5 % "so"', tip='a "tip"')
    assert decoded(filled) == [
        'p',
        {'title': 'a "tip"', 'class': 'note'},
        ['before ', '5 % "so"', ['strong', {}, ['9 %']]],
    ]


def test_what_is_encoded_already_is_taken_as_it_is() -> None:
    inner = Template(tag('dd', '', place('value'))).filled(value='7')
    assert decoded(Template(tag('dl', '', place('inner'))).filled(inner=inner)) == ['dl', {}, [['dd', {}, ['7']]]]


def test_a_place_may_be_there_twice_and_may_hold_nothing() -> None:
    template = Template(tag('p', '', place('words'), ', ', place('words'), place('rest')))
    assert decoded(template.filled(words='ä', rest=None)) == ['p', {}, ['ä', ', ', 'ä', '']]


def test_signs_of_percent_in_the_tree_stay_what_they_are() -> None:
    assert decoded(Template(tag('p', '', '100 %b %s', place('words'))).filled(words='%s')) == [
        'p',
        {},
        ['100 %b %s', '%s'],
    ]


def test_what_looks_like_a_place_is_none_in_what_is_filled_in() -> None:
    assert decoded(Template(tag('p', '', place('words'))).filled(words=place('words')))[2] == [place('words')]


def test_a_place_that_was_forgotten_is_named() -> None:
    with pytest.raises(KeyError, match='words'):
        Template(tag('p', '', place('words'))).filled(other='x')
