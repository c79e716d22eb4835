// The page of settings: offers the time zone of the device, and takes a click into the field as the wish for another one.
(() => {
  'use strict';

  const field = () => document.querySelector('[data-zone-field]');
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

  function offer() {
    const button = document.querySelector('[data-zone-here]');
    if (!button || !here) return;
    button.textContent = `Use ${here}, as this device does`;
    button.hidden = field().value === here;
  }

  document.addEventListener('focusin', ({ target }) => target.matches('[data-zone-field]') && target.select());
  document.addEventListener('input', ({ target }) => target.matches('[data-zone-field]') && offer());
  document.addEventListener('click', ({ target }) => {
    if (!target.closest('[data-zone-here]')) return;
    field().value = here;
    field().focus();
    offer();
  });
  new MutationObserver((_, observer) => {
    if (!field()) return;
    observer.disconnect();
    offer();
  }).observe(document, { subtree: true, childList: true });
})();
