// Where the focus is: in a form that appears, within a dialog that is open, and somewhere still when what had it goes.
(() => {
  'use strict';

  const STOPS = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
  const DIALOGS = 'dialog[open], .q-dialog';

  let held = null; // what had the focus last
  let homes = []; // the parts of the page it belongs to, from the inside
  let around = []; // all stops of the page, as they were then
  let byKey = false; // whether the reader goes by keys at present

  const isThere = (element) => element.isConnected && !element.disabled && (element.checkVisibility?.() ?? true);

  // --- Tab goes round in a dialog: past its last stop is the first, and not what is behind it or the browser's own

  function keepInDialog(event) {
    const dialog = [...document.querySelectorAll(DIALOGS)].at(-1);
    if (event.key !== 'Tab' || event.ctrlKey || event.metaKey || event.altKey || !dialog) return;
    const stops = [...dialog.querySelectorAll(STOPS)].filter(isThere);
    const [last, next] = event.shiftKey ? [stops.at(0), stops.at(-1)] : [stops.at(-1), stops.at(0)];
    const isOnTheWay = stops.includes(document.activeElement) && document.activeElement !== last;
    if (isOnTheWay || !next) return;
    event.preventDefault();
    next.focus();
  }

  // --- what had it is gone: its part of the page says where it goes; else it is what came next

  function onFocus({ target }) {
    if (target.closest('dialog, .q-dialog')) return; // they give the focus back by themselves
    held = target;
    homes = [];
    for (let home = target.closest('[data-home]'); home; home = home.parentElement?.closest('[data-home]')) homes.push(home);
    around = [...document.querySelectorAll(STOPS)];
  }

  function onPress({ target }) {
    byKey = false;
    if (!held?.contains(target)) held = null; // who clicks beside it lets go of it
  }

  const placesOf = (part) => [...part.querySelectorAll('[data-home-focus]')];
  const atHome = () => homes.flatMap(placesOf).find(isThere);

  function nearby() {
    const place = around.indexOf(held);
    return [...around.slice(place + 1), ...around.slice(0, Math.max(place, 0)).reverse()].find(isThere);
  }

  function keepFocus() {
    if (!held || isThere(held) || document.querySelector(DIALOGS)) return;
    const isElsewhere = document.activeElement !== document.body && isThere(document.activeElement);
    const next = isElsewhere ? null : (atHome() ?? (byKey ? nearby() : null));
    held = null;
    next?.focus({ preventScroll: !byKey });
  }

  // To a part of the page that has the answer, from the one it was asked in. Whether it went: nobody is taken away from
  // what they do meanwhile.
  window.focusHome = (part, { from = part } = {}) => {
    const { activeElement: now } = document;
    const next = now === document.body || from.contains(now) ? placesOf(part).find(isThere) : null;
    next?.focus({ preventScroll: true });
    return Boolean(next);
  };

  function takeFocus() {
    const wanted = document.querySelector('[data-take-focus]:not([data-had-focus])');
    if (!wanted) return;
    wanted.dataset.hadFocus = '';
    wanted.focus();
  }

  function onChanged() {
    takeFocus();
    requestAnimationFrame(keepFocus); // whatever knows better where it goes has put it there by then
  }

  document.addEventListener('focusin', onFocus);
  document.addEventListener('pointerdown', onPress);
  document.addEventListener('keydown', () => (byKey = true), true);
  document.addEventListener('keydown', keepInDialog);
  new MutationObserver(onChanged).observe(document, { subtree: true, childList: true, attributeFilter: ['class', 'open', 'hidden'] });
})();
