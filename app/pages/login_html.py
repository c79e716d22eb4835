"""The sign-in page: plain HTML, so that nobody needs a live connection or a script before they are known."""

from __future__ import annotations

from html import escape
from string import Template

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def login_html(*, email: str = '', error: str = '', target: str = '/') -> str:
    """The page with what was already typed; every value is escaped here."""
    return _PAGE.substitute(
        style=_STYLE,
        title='Sign-in failed · Churnboard' if error else 'Sign in · Churnboard',
        email=escape(email),
        target=escape(target),
        error=f'<p class="error" id="error" role="alert">{escape(error)}</p>' if error else '',
        invalid='aria-invalid="true" aria-describedby="error"' if error else '',
        focus_email='' if email else 'autofocus',
        focus_password='autofocus' if email else '',
    )


_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<svg viewBox="0 0 48 48" width="48" height="48" aria-hidden="true">
<rect width="48" height="48" rx="12" fill="var(--strong)"/>
<path d="M11 17l9 9 6-5 11 11M37 24v8h-8" fill="none" stroke="var(--on-strong)" stroke-width="3.5"
 stroke-linecap="round" stroke-linejoin="round"/>
</svg>
<h1>Churnboard</h1>
<p class="lead">Sign in to see who is about to leave, live.</p>
$error
<form method="post" action="/login">
<input type="hidden" name="next" value="$target">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" inputmode="email" autocomplete="username" autocapitalize="none"
 spellcheck="false" maxlength="254" required value="$email" $invalid $focus_email>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required $invalid $focus_password>
<button type="submit">Sign in</button>
</form>
<p class="help">No account, or the password is lost? Whoever runs this server can help.</p>
</main>
</body>
</html>
""")

_STYLE = """
:root { color-scheme: light dark; --ground: #eef2f8; --glow: #dbe6fb; --card: #fff; --text: #0f172a; --soft: #475569;
  --line: #64748b; --strong: #1d4ed8; --stronger: #1e3a8a; --on-strong: #fff; --edge: #d5deeb; --field: #fff;
  --bad: #991b1b; --bad-ground: #fef2f2; --shadow: 0 1px 2px #0f172a14, 0 16px 40px #0f172a1f }
@media (prefers-color-scheme: dark) { :root { --ground: #0b1220; --glow: #16264a; --card: #131c2e; --text: #e8eef8;
  --soft: #a9b7cc; --line: #8292ad; --strong: #8ab4ff; --stronger: #b3ceff; --on-strong: #0b1220; --edge: #26334a;
  --field: #0d1524; --bad: #fecaca; --bad-ground: #3f1219; --shadow: 0 16px 40px #0008 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1rem;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--text);
  background: radial-gradient(60rem 40rem at 50% -10rem, var(--glow), transparent) var(--ground) }
main { width: 100%; max-width: 26rem; padding: clamp(1.25rem, 6vw, 2.5rem); background: var(--card);
  border: 1px solid var(--edge); border-radius: 1.25rem; box-shadow: var(--shadow) }
svg { display: block }
h1 { margin: 1rem 0 0; font-size: 1.625rem; line-height: 1.2; letter-spacing: -.02em }
.lead { margin: .25rem 0 1.5rem; color: var(--soft) }
label { display: block; margin: 1rem 0 .375rem; font-weight: 600 }
input, button { width: 100%; min-height: 2.75rem; padding: .625rem .875rem; font: inherit; border-radius: .625rem }
input { color: inherit; background: var(--field); border: 1px solid var(--line) }
input[aria-invalid] { border-color: var(--bad) }
button { margin-top: 1.5rem; border: 0; font-weight: 650; cursor: pointer; color: var(--on-strong);
  background: var(--strong); transition: background-color .15s }
button:hover { background: var(--stronger) }
:focus-visible { outline: 3px solid var(--strong); outline-offset: 2px }
.error { margin: 0 0 1rem; padding: .75rem .875rem; border-radius: .625rem; color: var(--bad);
  background: var(--bad-ground); border-left: 4px solid var(--bad) }
.help { margin: 1.25rem 0 0; font-size: .875rem; color: var(--soft) }
@media (prefers-reduced-motion: reduce) { button { transition: none } }
@media (forced-colors: active) { button { border: 1px solid } }
"""
