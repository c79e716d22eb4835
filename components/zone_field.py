from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from components.setting_form import SettingForm
from components.text import Text

ABOUT = 'Type a city or region to find it. Days on the board begin and end at midnight there.'


def add_zone_field(form: SettingForm, zones: Sequence[str], *, value: str) -> None:
    """Ask for a time zone, with a list that narrows as one types; assets/settings.js offers that of the device.

    :param zones: their names. They are written as markup, six hundred in one element: none may come from a person.
    """
    field = form.add(
        'Time zone',
        key='time_zone',
        value=value,
        about=ABOUT,
        props='type=text maxlength=100 autocomplete=off autocapitalize=none spellcheck=false data-zone-field',
    )
    with field:
        options = ui.html(''.join(f'<option value="{zone}">' for zone in zones), sanitize=False, tag='datalist')
        here = Text('button').classes('button').props('type=button hidden data-zone-here')
    field.input.props['list'] = options.html_id
    here.mark('zone-here')
