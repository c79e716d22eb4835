"""What the pages of both documents are made of: plain HTML without a script, drawn by the board's own style sheets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from string import Template
from typing import Any

from app.api.document_fields import field_rows, resolved
from app.asset_files import asset_url

Document = Mapping[str, Any]


def page(document: Document, *, machine: tuple[str, str], contents: str, main: str) -> str:
    """
    :param machine: address and name of the document for programs.
    :param contents: the links to the parts of ``main``.
    """
    address, name = machine
    return _PAGE.substitute(
        styles=''.join(
            f'<link rel="stylesheet" href="{asset_url(sheet)}">' for sheet in ('board.css', 'documents.css')
        ),
        title=escape(document['info']['title']),
        version=escape(document['info']['version']),
        about=_paragraphs(document['info']['description']),
        address=escape(address),
        name=escape(name),
        contents=contents,
        main=main,
    )


def marked(text: str) -> str:
    """Escaped, with what stands between backticks as code."""
    parts = escape(text).split('`')
    return ''.join(f'<code>{part}</code>' if number % 2 else part for number, part in enumerate(parts))


def variants(document: Document, schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The kinds of object that a schema allows."""
    return [resolved(document, part) for part in schema.get('oneOf') or schema.get('anyOf') or [schema]]


def fields(
    document: Document, schema: Mapping[str, Any], caption: str, *, key: str = 'Key', always: str = 'Always'
) -> str:
    """A table of an object's keys.

    :param caption: whose keys they are.
    :param key: the heading of the keys.
    :param always: the heading of whether a key has to be there.
    """
    about = f'<p class="about">{marked(schema["description"])}</p>' if 'description' in schema else ''
    rows = ''.join(
        f'<tr><th scope="row"><code>{escape(row.path)}</code></th><td>{marked(row.type)}</td>'
        f'<td>{"yes" if row.required else "no"}</td><td>{marked(row.about)}</td></tr>'
        for row in field_rows(document, schema)
    )
    if not rows:
        return about
    return (
        f'{about}<div class="scroll" tabindex="0" role="group" aria-label="Keys of {escape(caption)}"><table>'
        f'<thead><tr><th scope="col">{key}</th><th scope="col">Type</th><th scope="col">{always}</th>'
        f'<th scope="col">Meaning</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def example(title: str, payload: object) -> str:
    """JSON that is shown when it is asked for."""
    text = escape(json.dumps(payload, indent=2, ensure_ascii=False))
    return f'<details><summary>{escape(title)}</summary><pre tabindex="0">{text}</pre></details>'


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """
    :param rows: pairs of HTML.
    """
    return '<dl class="facts">' + ''.join(f'<dt>{term}</dt><dd>{words}</dd>' for term, words in rows) + '</dl>'


def _paragraphs(text: str) -> str:
    return ''.join(f'<p>{marked(paragraph)}</p>' for paragraph in text.split('\n\n'))


_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title · Churnboard</title>
<link rel="icon" href="/favicon.ico">
$styles
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
<a class="brand" href="/" aria-label="Churnboard"><span class="brand-mark" aria-hidden="true"></span
><span class="brand-name">Churnboard</span></a>
<nav class="pages" aria-label="Pages"><a class="page-link" href="/">Board</a>
<a class="page-link" href="/connect">Connect</a></nav>
<a class="button" href="$address">$name</a>
</header>
<div class="document">
<nav class="contents" aria-label="On this page">
$contents
</nav>
<main id="content" tabindex="-1">
<h1>$title <small>version $version</small></h1>
$about
$main
</main>
</div>
</body>
</html>
""")
