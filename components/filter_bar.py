from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from nicegui import ui

from components.choice import Choice
from components.filter_chips import FilterChips
from components.filter_field import FilterField
from components.risk_chip import ICONS, WORDS
from components.text import Text
from services.schemas import RiskLevel

CUSTOM = 'custom'
CLEAR = """(event) => {
  event.preventDefault(); // a native reset would bring back what the address said
  event.target.querySelectorAll('input').forEach((field) => { clearTimeout(field.quiet); field.value = ''; });
  emit();
}"""
PERIODS = {'all': 'All', 'today': 'Today', '7d': '7 days', '30d': '30 days', '90d': '90 days', CUSTOM: 'Custom'}
RISKS = {level.value: f'{ICONS[level]} {WORDS[level]}' for level in (RiskLevel.HIGH, RiskLevel.MEDIUM, RiskLevel.LOW)}
DAY = 'type=date min=1970-01-01 max=2200-12-31'
SCORE = 'type=number min=0 max=100 step=1 inputmode=numeric autocomplete=off'


class FilterBar(ui.element, default_classes='filters'):
    """What is asked of the board. A form: its reset button clears what was typed before the server knows."""

    def __init__(
        self,
        *,
        on_risk: Callable[[str], None],
        on_period: Callable[[str], None],
        on_input: Callable[[str, object], None],
        on_clear: Callable[[str], None],
        on_reset: Callable[[], None],
    ) -> None:
        super().__init__('form')
        self.props('role=search aria-label="Filters"').mark('filters')
        self.on('submit.prevent', js_handler='() => {}').on('reset', on_reset, js_handler=CLEAR)
        with self:
            self._toggle = Text('button', 'Filters').classes('button filters-toggle').mark('filters-toggle')
            self._toggle.props('type=button aria-expanded=false data-toggle-filters')
            with ui.element('div').classes('filters-body'):
                self._fields = self._text_field(on_input)
                self._risk = Choice('Risk', RISKS, name='risk', on_choose=on_risk)
                self._fields |= self._score_fields(on_input)
                self._period = Choice('Period', PERIODS, name='period', on_choose=on_period)
                self._dates = ui.element('div').classes('field-group')
                with self._dates:
                    self._fields |= {
                        key: FilterField(label, key=key, on_input=on_input, props=DAY)
                        for key, label in (('from', 'From'), ('to', 'To'))
                    }
            self._chips = FilterChips(on_clear=on_clear)
        self.show(risk=(), period='all', errors={}, chips={})

    def begin_with(self, values: Mapping[str, str]) -> None:
        """What stands in the fields as the page comes."""
        for key, value in values.items():
            self._fields[key].begin_with(value)

    def write(self, values: Mapping[str, str]) -> None:
        """Put these values into the fields, and nothing into the others."""
        for key, field in self._fields.items():
            field.write(values.get(key, ''))

    def show(self, *, risk: Collection[str], period: str, errors: Mapping[str, str], chips: Mapping[str, str]) -> None:
        """:param chips: the filters that are set, in words."""
        self._risk.show(risk)
        self._period.show((period,))
        self._dates.set_visibility(period == CUSTOM)
        self._chips.show(chips, may_reset=bool(chips or errors))
        self._toggle.set_text(f'Filters ({len(chips)})' if chips else 'Filters')
        for key, field in self._fields.items():
            field.show_error(errors.get(key, ''))

    def _text_field(self, on_input: Callable[[str, object], None]) -> dict[str, FilterField]:
        props = 'type=search maxlength=100 placeholder="Name or id" autocomplete=off spellcheck=false data-key=/'
        return {'q': FilterField('Customer', key='q', on_input=on_input, props=props)}

    def _score_fields(self, on_input: Callable[[str, object], None]) -> dict[str, FilterField]:
        with ui.element('div').classes('field-group'):
            return {
                'min_score': FilterField(
                    'Score from', key='min_score', on_input=on_input, props=f'{SCORE} placeholder=0', suffix='%'
                ),
                'max_score': FilterField(
                    'Score to', key='max_score', on_input=on_input, props=f'{SCORE} placeholder=100', suffix='%'
                ),
            }
