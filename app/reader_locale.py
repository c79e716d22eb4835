"""What a browser's languages say about how its reader writes numbers."""

from __future__ import annotations

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


def decimal_sign(accept_language: str) -> str:
    """Of the language that is preferred; a point where none is named."""
    first = accept_language.partition(',')[0].partition(';')[0].strip().lower()
    if first == 'en-za':
        return ','
    return ',' if first.partition('-')[0] in COMMA and first not in POINT else '.'
