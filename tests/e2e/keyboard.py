"""Using a page without a pointer."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, TimeoutError

FOCUS = """() => {
    const held = document.activeElement;
    const seen = held.closest('.field-box, .drop-zone, .tip, label, .card:has(.card-link:focus)') ?? held;
    const marked = [held, seen].some((each) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each);
        return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none';
    });
    const { top, bottom, width, height } = seen.getBoundingClientRect();
    const header = held.closest('header, .skip') ? 0 : document.querySelector('header').getBoundingClientRect().bottom;
    return {
        lost: held === document.body || held === document.documentElement,
        marked,
        inside: bottom > Math.max(0, header) + 4 && top < innerHeight && width * height > 0,
        what: held.outerHTML.slice(0, 160),
    };
}"""


class Keyboard:
    """Presses keys, and after each looks where the focus is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.look()

    def look(self) -> str:
        """It may take a moment to arrive, where a dialog opens or an element goes."""
        try:
            self.page.wait_for_function(f"""() => {{
                const {{ lost, marked, inside }} = ({FOCUS})();
                return !lost && marked && inside;
            }}""")
        except TimeoutError as error:
            raise AssertionError(f'the focus is lost, unmarked or out of sight: {self.page.evaluate(FOCUS)}') from error
        return str(self.page.evaluate(FOCUS)['what'])

    def go_to(self, target: Locator, *, key: str = 'Tab', most: int = 120) -> None:
        """Tab until it is there; past the last stop, and past the browser's own controls, the page begins again."""
        for _ in range(most):
            if target.evaluate('element => element === document.activeElement'):
                self.look()
                return
            self.page.keyboard.press(key)
            if not self.page.evaluate('document.activeElement === document.body'):
                self.look()
        raise AssertionError(f'{target} is not reached by {key}')

    def use(self, target: Locator, *, key: str = 'Enter', way: str = 'Tab') -> None:
        """Go there and press it: what becomes of the focus then is for the test to say."""
        self.go_to(target, key=way)
        self.page.keyboard.press(key)

    def stays_in(self, dialog: Locator) -> None:
        """Tab goes round in a dialog, in both directions, and never to what is behind it."""
        stops = dialog.locator('button, input, select, textarea, a[href], [tabindex="0"]').count()
        for way in ('Tab', 'Shift+Tab'):
            seen = set()
            for _ in range(2 * stops + 2):
                self.page.keyboard.press(way)
                within = 'dialog => dialog.contains(document.activeElement)'
                assert dialog.evaluate(within), f'{way} leaves the dialog: {self.page.evaluate(FOCUS)}'
                seen.add(self.look())
            assert len(seen) == stops, f'{way} reaches {seen}'


def button(page: Page, name: str) -> Locator:
    return page.get_by_role('button', name=name, exact=True).first
