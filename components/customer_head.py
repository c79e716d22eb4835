from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nicegui import ui

from components.button import Button
from components.element_state import replace_class
from components.formats import account_value
from components.light_element import LightElement
from components.risk_chip import RiskChip
from components.scorings import ReasonList, Scoring
from components.text import Text
from components.text_form import TextField, TextForm
from components.time_ago import TimeAgo

Part = Literal['owner', 'snooze']


@dataclass(frozen=True, kw_only=True)
class HeadFacts:
    """What stands at the top of a customer's page."""

    customer_id: str
    name: str | None
    latest: Scoring
    question: str
    """What people want to know of the latest score."""
    answer: str
    account_value: float | None
    owner: str | None
    snooze: str
    """Until when, in words; empty: it is not snoozed."""
    snooze_reason: str
    first_day: str
    """The first day a snooze may end on, as ``2026-12-01``; ``last_day`` likewise."""
    last_day: str
    proposed_day: str


class Editable(LightElement, default_classes='fact', default_props='data-home'):
    """A fact with a button that puts a form in its place; nothing but the form's own buttons closes that."""

    def __init__(self, title: str, *, name: Part, action: str, make: Callable[[], TextForm]) -> None:
        super().__init__('div')
        self.classes(f'fact-{name}')
        self._make = make
        self.form: TextForm | None = None
        with self:
            Text('dt', title)
            with LightElement('dd'):
                with LightElement('div', 'fact-shown') as self._shown:
                    self._value = Text('span').classes('fact-value').mark(f'fact-{name}')
                    self.open = Button(action, self.show_form, kind='quiet').classes('fact-change')
                    self.open.props('data-home-focus').mark(f'change-{name}')
                    self.extra = LightElement('span')
                self._place = LightElement('div')

    def show(self, value: str, *, action: str) -> None:
        self._value.set_text(value)
        self.open.set_text(action)

    def show_form(self) -> None:
        if self.form is None:
            self._shown.set_visibility(False)
            with self._place:
                self.form = self._make()

    def close(self) -> None:
        self.form = None
        self._place.clear()
        self._shown.set_visibility(True)


class CustomerHead(LightElement, default_classes='panel customer-head'):
    """Who it is, how great the risk is now and why, who looks after the customer, and whether it is snoozed."""

    def __init__(
        self,
        *,
        on_owner: Callable[[TextForm, Mapping[str, object]], Any],
        on_snooze: Callable[[TextForm, Mapping[str, object]], Any],
        on_wake: Callable[[], Any],
    ) -> None:
        super().__init__('section')
        self._facts: HeadFacts | None = None
        self._tone = ''
        self._on_owner, self._on_snooze = on_owner, on_snooze
        with self:
            with LightElement('div', 'who'):
                heading = Text('h2').classes('who-name').mark('customer-name')
                self._id = Text('p').classes('who-id').mark('customer-id')
            with LightElement('dl', 'facts'):
                with _fact('Churn risk', 'risk'):
                    self._risk = RiskChip().classes('risk-large').mark('customer-risk')
                    self._time = TimeAgo()
                with _fact('Account value', 'value'):
                    self._value = Text('span').classes('fact-value').mark('customer-value')
                self.owner = Editable('Looked after by', name='owner', action='Set', make=self._owner_form)
                self.snooze = Editable('At-risk list', name='snooze', action='Snooze', make=self._snooze_form)
                with self.snooze.extra:
                    self._wake = Button('End snooze', on_wake, kind='quiet').classes('fact-change').mark('wake')
            with LightElement('div', 'why'):
                self._question = Text('h3').classes('why-question').mark('question')
                self._answer = Text('p').classes('why-answer').mark('answer')
                self._reasons = ReasonList().mark('customer-reasons')
        self._name = heading
        self.props['aria-labelledby'] = heading.html_id

    def show(self, facts: HeadFacts) -> None:
        self._facts = facts
        self._name.set_text(facts.name or facts.customer_id)
        self._id.set_text(facts.customer_id if facts.name else '')
        self._id.set_visibility(bool(facts.name))
        self._risk.show(facts.latest.level, facts.latest.score)
        self._time.show(facts.latest.timestamp)
        replace_class(self, self._tone, f'tone-{facts.latest.level}')
        self._tone = f'tone-{facts.latest.level}'
        self._value.set_text(account_value(facts.account_value))
        self.owner.show(facts.owner or 'Nobody yet', action='Change' if facts.owner else 'Set')
        self.snooze.show(facts.snooze or 'Listed as usual', action='Change' if facts.snooze else 'Snooze')
        self._wake.set_visibility(bool(facts.snooze))
        self._question.set_text(facts.question)
        self._answer.set_text(facts.answer)
        self._reasons.show(facts.latest.reasons, facts.latest.new_reasons)

    def _owner_form(self) -> TextForm:
        owner = self._facts.owner if self._facts else None
        field = TextField(name='owner', label='Name; empty for nobody', props='maxlength=100', value=owner or '')
        return self._form(self.owner, 'owner', 'Save', self._on_owner, field)

    def _snooze_form(self) -> TextForm:
        assert self._facts
        facts = self._facts
        until = TextField(
            name='snoozed_until',
            label='Leave out until',
            props=f'type=date required min={facts.first_day} max={facts.last_day}',
            value=facts.proposed_day,
        )
        why = TextField(name='snooze_reason', label='Why (optional)', props='maxlength=300', value=facts.snooze_reason)
        return self._form(self.snooze, 'snooze', 'Snooze', self._on_snooze, until, why)

    def _form(
        self,
        part: Editable,
        name: Part,
        action: str,
        on_send: Callable[[TextForm, Mapping[str, object]], Any],
        *fields: TextField,
    ) -> TextForm:
        def send(typed: Mapping[str, object]) -> Any:
            return on_send(form, typed)

        form = TextForm(*fields, action=action, on_send=send, on_cancel=part.close, name=name, focus=True)
        return form


def _fact(title: str, name: str) -> ui.element:
    with LightElement('div', f'fact fact-{name}'):
        Text('dt', title)
        return LightElement('dd')
