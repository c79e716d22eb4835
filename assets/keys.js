// API keys, on the pages at /connect and /settings: the server writes a new one's text, and takes it away.
(() => {
  'use strict';

  const isThere = (element) => element.isConnected && (element.checkVisibility?.() ?? true);
  let held = null; // what has the focus, of the keys

  // What had it may be gone once the server has answered. Nobody is taken away from what they do meanwhile.
  function keepFocus() {
    if (!held || isThere(held) || document.querySelector('.q-dialog')) return;
    held = null;
    if (document.activeElement !== document.body) return;
    (document.querySelector('[data-copy-key]') ?? document.querySelector('.panel-keys [data-home-focus]'))?.focus();
  }

  function onFocus({ target }) {
    if (!target.closest('.q-dialog')) held = target.closest('.panel-keys') && target; // a dialog gives it back by itself
  }

  function onPress({ target }) {
    if (!held?.contains(target) && !target.closest('.q-dialog')) held = null; // who clicks beside it lets go of it
  }

  function onClick({ target }) {
    const button = target.closest('[data-copy-key]');
    if (!button) return;
    const text = document.querySelector('[data-new-key]').textContent;
    window.copyFrom(button, text, { words: 'The key is copied.', status: document.querySelector('[data-key-copied]') });
  }

  document.addEventListener('click', onClick);
  document.addEventListener('focusin', onFocus);
  document.addEventListener('pointerdown', onPress);
  // Whoever comes back to the page by the browser's history sees no key once more.
  window.addEventListener('pagehide', () => document.querySelector('[data-new-key]')?.replaceChildren());
  new MutationObserver(keepFocus).observe(document, { subtree: true, childList: true, attributeFilter: ['class'] });
})();
