// The board's view in its address, and the place on the page: who comes back finds the board as it was left.
(() => {
  'use strict';

  let left = history.state?.churnboard ?? null; // where this page was left, until it is there again
  let followed = null; // the link by which it is left

  function showAddress(view) {
    const address = location.pathname + (view ? `?${view}` : '');
    if (address !== location.pathname + location.search) history.replaceState(history.state, '', address);
  }

  function begin(field) {
    field.value = field.dataset.begin;
    delete field.dataset.begin;
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

  function onChanged() {
    const filters = document.querySelector('[data-view]');
    if (filters) showAddress(filters.dataset.view);
    document.querySelectorAll('[data-begin]').forEach(begin);
    comeBack();
  }

  function onClick({ target }) {
    followed = target.closest?.('a[href^="/customers"]')?.getAttribute('href') ?? null;
  }

  function leave() {
    const churnboard = { scroll: window.scrollY, link: followed };
    history.replaceState({ ...history.state, churnboard }, '');
  }

  history.scrollRestoration = 'manual';
  document.addEventListener('click', onClick);
  window.addEventListener('pagehide', leave);
  for (const event of ['wheel', 'keydown', 'pointerdown']) window.addEventListener(event, () => (left = null));
  new MutationObserver(onChanged).observe(document, {
    subtree: true, childList: true, attributeFilter: ['data-view', 'data-begin', 'data-as-of'],
  });
})();
