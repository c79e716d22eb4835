// The board's view: its address and its filters in the browser, and the place on the page, which whoever comes back finds.
(() => {
  'use strict';

  let untold = false; // the browser went to another address while the server could not hear of it
  let left = history.state?.churnboard ?? null; // where this page was left, until it is there again
  let untyped = left?.typed ?? []; // what stood in the filters, until it stands there again
  let followed = null; // the link by which it is left

  function tell() {
    untold = !window.socket?.connected;
    if (!untold) emitEvent('churnboard:address', location.search);
  }

  window.writeFields = (values) => {
    Object.entries(values).forEach(([id, value]) => {
      const field = document.getElementById(id);
      if (!field) return;
      clearTimeout(field.quiet);
      field.value = value;
    });
  };

  // Whoever takes a filter back by keyboard goes on with the next one.
  function keepFocus(button) {
    const place = [...document.querySelectorAll('.chip-remove')].indexOf(button);
    new MutationObserver((_changes, observer) => {
      observer.disconnect();
      const rest = document.querySelectorAll('.chip-remove');
      (rest[Math.min(place, rest.length - 1)] ?? document.querySelector('.filters [data-key="/"]'))?.focus();
    }).observe(button.closest('ul'), { childList: true });
  }

  // The button goes with the last filter. On a phone the filters may be folded away.
  function afterReset() {
    const search = document.querySelector('.filters [data-key="/"]');
    (search?.checkVisibility() ? search : document.querySelector('.filters-toggle'))?.focus();
  }

  // Only when the first numbers are there is the page as long as it was; who scrolls or types meanwhile stays there.
  function comeBack() {
    if (!left || !document.querySelector('[data-as-of]')) return;
    const { scroll, link } = left;
    left = null;
    requestAnimationFrame(() => {
      window.scrollTo(0, scroll);
      const links = link ? [...document.querySelectorAll('a[href]')] : [];
      links.find((each) => each.getAttribute('href') === link)?.focus({ preventScroll: true });
    });
  }

  // What was typed while the server could not hear of it is told by the page that came instead.
  function typeAgain() {
    for (const [id, value] of untyped) {
      const field = document.getElementById(id);
      if (!field || field.value === value) continue;
      field.value = value;
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }
    untyped = [];
  }

  // A link to another view of this page: the page stays, and shows it.
  function follow(event, link) {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link.search !== location.search) {
      history.pushState(null, '', `${link.pathname}${link.search}`);
      tell();
    }
    const place = document.getElementById(link.hash.slice(1));
    place?.scrollIntoView({ block: 'start' });
    place?.focus({ preventScroll: true });
  }

  function onClick(event) {
    const { target } = event;
    const view = target.closest?.('a[data-view]');
    if (view) follow(event, view);
    followed = target.closest?.('a[href^="/customers"]')?.getAttribute('href') ?? null;
    const remove = target.closest?.('.chip-remove');
    if (remove) keepFocus(remove);
    if (event.detail === 0 && target.closest?.('.filters-reset')) afterReset(); // pressed by no pointer
  }

  function leave() {
    const churnboard = { scroll: window.scrollY, link: followed };
    history.replaceState({ ...history.state, churnboard }, '');
  }

  history.scrollRestoration = 'manual';
  window.addEventListener('popstate', tell);
  window.addEventListener('pagehide', leave);
  document.addEventListener('click', onClick);
  document.addEventListener('churnboard:linked', () => {
    if (untold) tell();
    typeAgain();
  });
  for (const event of ['wheel', 'keydown', 'pointerdown']) window.addEventListener(event, () => (left = null));
  new MutationObserver(comeBack).observe(document, { subtree: true, childList: true, attributeFilter: ['data-as-of'] });
})();
