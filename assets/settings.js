// The page of settings: offers the time zone of the device, takes a click into that field as the wish for another one,
// and lets people see the passwords they type.
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
  function reveal(form, shown) {
    form.querySelectorAll('[autocomplete$="-password"]').forEach((input) => (input.type = shown ? 'text' : 'password'));
  }
  document.addEventListener('change', ({ target }) => {
    if (target.matches('[data-show-passwords]')) reveal(target.form, target.checked);
  });
  document.addEventListener('reset', ({ target }) => reveal(target, false));

  new MutationObserver((_, observer) => {
    if (!field()) return;
    observer.disconnect();
    offer();
  }).observe(document, { subtree: true, childList: true });
})();
