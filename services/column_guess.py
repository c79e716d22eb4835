"""Which column of a file is probably which of our fields, for a person to correct."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from services.prediction_rows import FIELDS

SYNONYMS: Mapping[str, str] = {
    'customer_id': (
        'customer, customer number, customer no, cust id, account id, account number, account no, account, '
        'client id, client number, client, user id, subscriber id, member id, contact id, company id, '
        'organization id, organisation id, tenant id, id, user'
    ),
    'churn_score': (
        'churn probability, churn prob, probability of churn, churn risk score, churn risk, churn likelihood, '
        'churn prediction, risk score, score, predicted probability, predicted score, probability, prob, likelihood, '
        'prediction, propensity, risk'
    ),
    'predicted_at': (
        'prediction date, prediction time, prediction timestamp, predicted on, predicted date, scored at, scored on, '
        'score date, scoring date, scoring time, timestamp, date time, date, time'
    ),
    'external_id': 'prediction id, score id',
    'customer_name': (
        'account name, client name, company name, organization name, organisation name, full name, name, company, '
        'organization, organisation'
    ),
    'account_value': (
        'mrr, arr, monthly recurring revenue, annual recurring revenue, monthly revenue, annual revenue, revenue, '
        'contract value, customer value, acv, monthly charges, monthly charge, clv, cltv, ltv, lifetime value, value'
    ),
    'reasons': (
        'reason, top reasons, churn reasons, churn reason, drivers, top drivers, churn drivers, driver, risk factors, '
        'factors, explanation, explanations'
    ),
    'status': 'prediction status',
}
"""What others call our fields, the likeliest first. An external id makes a row replace another: seldom guessed."""


def guessed_fields(columns: Sequence[str]) -> dict[str, str]:
    """The file's column -> our field: those that have our names, then those that do but for punctuation and case, then
    those whose names others use. Each column and each field comes at most once.
    """
    guessed: dict[str, str] = {}
    for written in (_as_it_is, bare):
        for field in FIELDS:
            _guess(field, (field,), columns, written, guessed)
    for field in FIELDS:
        _guess(field, SYNONYMS[field].split(', '), columns, bare, guessed)
    return guessed


def bare(name: str) -> str:
    """The letters and digits of a name."""
    return ''.join(character for character in name.casefold() if character.isalnum())


def _as_it_is(name: str) -> str:
    return name.strip().casefold()


def _guess(
    field: str, names: Sequence[str], columns: Sequence[str], written: Callable[[str], str], guessed: dict[str, str]
) -> None:
    """Add the column with the first of these names, unless the field has one."""
    named = {written(column): column for column in reversed(columns)}
    found = [named[written(name)] for name in names if written(name) in named]
    if found and field not in guessed.values():
        guessed[found[0]] = field
