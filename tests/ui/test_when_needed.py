from __future__ import annotations

from nicegui import ui
from nicegui.testing import User

from components.text import Text
from components.when_needed import WhenNeeded


async def test_it_is_made_in_its_place_when_it_is_first_shown_and_only_once(user: User) -> None:
    places: dict[str, WhenNeeded[Text]] = {}
    made: list[str] = []

    def text(words: str) -> Text:
        made.append(words)
        return Text('p', words)

    @ui.page('/seldom')
    def page() -> None:
        with ui.element('div').mark('around'):
            places['first'] = WhenNeeded(lambda: text('first'))
            Text('p', 'second')
            places['third'] = WhenNeeded(lambda: text('third'))
            Text('p', 'fourth')

    def shown() -> list[str]:
        (around,) = user.find(marker='around').elements
        return [each.text for each in around if isinstance(each, Text) and each.visible]

    await user.open('/seldom')
    for place in places.values():
        assert place.show(False) is None
    assert (shown(), made) == (['second', 'fourth'], [])

    assert user.client
    with user.client:  # and not in the place itself, as it is when newer numbers come
        for place in reversed(places.values()):
            assert place.show(True)
        assert (shown(), made) == (['first', 'second', 'third', 'fourth'], ['third', 'first'])
        places['first'].show(False)
        places['first'].show(True)
        places['third'].show(False)
    assert (shown(), made) == (['first', 'second', 'fourth'], ['third', 'first'])
