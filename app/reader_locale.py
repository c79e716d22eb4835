"""What a browser's languages say about how its reader writes numbers, days and times of day."""

from __future__ import annotations

from components.formats import DateFormat, NumberFormat

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


MONTH_FIRST = {
    *('en', 'en-us', 'en-ca', 'en-ph', 'en-pr', 'en-gu', 'en-vi', 'en-as', 'en-mp', 'es-pr', 'es-pa', 'fil', 'fil-ph')
}
"""Places that write Nov 27, 2026."""

YEAR_FIRST = {'eu', 'hu', 'ja', 'ko', 'lt', 'mn', 'zh'}
"""Languages that write 2026 Nov 27."""

TWELVE_HOURS = {
    *('en', 'en-us', 'en-ca', 'en-au', 'en-nz', 'en-in', 'en-ph', 'en-pk', 'en-sg', 'en-my', 'en-hk', 'en-pr', 'en-gu'),
    *(
        'en-vi',
        'en-as',
        'en-mp',
        'ko',
        'ko-kr',
        'hi',
        'hi-in',
        'el',
        'el-gr',
        'es-us',
        'es-pr',
        'es-co',
        'es-do',
        'es-pa',
    ),
    *('es-ar', 'es-cl', 'es-mx', 'es-pe', 'es-ve', 'gu', 'gu-in', 'mr', 'mr-in', 'kn', 'kn-in'),
    *(
        'ar',
        'ar-eg',
        'ar-sa',
        'ar-ae',
        'bn',
        'bn-bd',
        'bn-in',
        'ta',
        'ta-in',
        'te',
        'te-in',
        'ur',
        'ur-pk',
        'fil',
        'fil-ph',
    ),
    *('zh-tw', 'zh-hk', 'ms', 'ms-my', 'sq', 'sq-al'),
}
"""Places that write 2:30 PM."""


def number_format(languages: str) -> NumberFormat:
    """How numbers and dates are written.

    :param languages: the name of a locale, or what a browser sends as ``Accept-Language``: the first one counts.
    """
    decimal, group = _signs(languages)
    return NumberFormat(decimal, group, date_format(languages))


def date_format(languages: str) -> DateFormat:
    """In which order, and with how many hours; day, month and year, and twenty-four where no language is named."""
    first = _first(languages)
    time = '%-I:%M %p' if first in TWELVE_HOURS else '%H:%M'
    if first in MONTH_FIRST:
        return DateFormat('%b %-d, %Y', '%b %-d', time)
    if first.partition('-')[0] in YEAR_FIRST:
        return DateFormat('%Y %b %-d', '%b %-d', time)
    return DateFormat(time=time)


def _signs(languages: str) -> tuple[str, str]:
    decimal, first = decimal_sign(languages), _first(languages)
    language = first.partition('-')[0]
    if decimal == '.':
        return '.', APOSTROPHE if first in APOSTROPHE_GROUPS else ','
    if language == 'fr':
        return ',', NARROW_SPACE
    return ',', '.' if language in POINT_GROUPS and first not in SPACE_GROUPS else SPACE


def decimal_sign(accept_language: str) -> str:
    """Of the language that is preferred; a point where none is named."""
    first = _first(accept_language)
    if first == 'en-za':
        return ','
    return ',' if first.partition('-')[0] in COMMA and first not in POINT else '.'


def _first(languages: str) -> str:
    return languages.partition(',')[0].partition(';')[0].strip().lower()
