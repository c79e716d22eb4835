"""What a browser's languages say about how its reader writes numbers."""

from __future__ import annotations

from components.formats import NumberFormat

COMMA = {
    *('af', 'az', 'be', 'bg', 'bs', 'ca', 'cs', 'da', 'de', 'el', 'es', 'et', 'eu', 'fi', 'fo', 'fr', 'gl', 'hr', 'hu'),
    *('hy', 'id', 'is', 'it', 'ka', 'kk', 'ky', 'lt', 'lv', 'mk', 'nb', 'nl', 'nn', 'no', 'pl', 'pt', 'ro', 'ru', 'sk'),
    *('sl', 'sq', 'sr', 'sv', 'tr', 'uk', 'uz', 'vi'),
}
"""Languages with a decimal comma."""

POINT = {
    *('de-ch', 'de-li', 'it-ch', 'es-mx', 'es-us', 'es-pr', 'es-do', 'es-gt', 'es-hn', 'es-ni', 'es-pa', 'es-sv'),
    'es-pe',
}
"""Places where they have a point nevertheless."""


POINT_GROUPS = {
    *('az', 'bs', 'ca', 'da', 'de', 'el', 'es', 'eu', 'fo', 'gl', 'hr', 'id', 'is', 'it', 'mk', 'nl', 'pt', 'ro'),
    *('sl', 'sr', 'tr', 'vi'),
}
"""Those languages with a decimal comma that put a point between thousands; the others put a space there."""

APOSTROPHE_GROUPS = {'de-ch', 'de-li', 'it-ch'}
SPACE_GROUPS = {'de-at', 'pt-pt'}
NARROW_SPACE, SPACE, APOSTROPHE = '\u202f', '\u00a0', '’'


def number_format(languages: str) -> NumberFormat:
    """How numbers are written.

    :param languages: the name of a locale, or what a browser sends as ``Accept-Language``: the first one counts.
    """
    decimal, first = decimal_sign(languages), _first(languages)
    language = first.partition('-')[0]
    if decimal == '.':
        return NumberFormat('.', APOSTROPHE if first in APOSTROPHE_GROUPS else ',')
    if language == 'fr':
        return NumberFormat(',', NARROW_SPACE)
    return NumberFormat(',', '.' if language in POINT_GROUPS and first not in SPACE_GROUPS else SPACE)


def decimal_sign(accept_language: str) -> str:
    """Of the language that is preferred; a point where none is named."""
    first = _first(accept_language)
    if first == 'en-za':
        return ','
    return ',' if first.partition('-')[0] in COMMA and first not in POINT else '.'


def _first(languages: str) -> str:
    return languages.partition(',')[0].partition(';')[0].strip().lower()
