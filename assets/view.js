// The board's filters and its address: what happens in the browser before, or without, the server.
(() => {
  'use strict';

  let untold = false;

  function tell() {
    untold = !window.socket?.connected;
    if (!untold) emitEvent('churnboard:address', location.search);
  }

  window.writeField = (id, value) => {
    const field = getHtmlElement(id);
    if (!field) return;
    clearTimeout(field.quiet);
    field.value = value;
  };

  // Whoever takes a filter back by keyboard goes on with the next one.
  function keepFocus(event) {
    const button = event.target.closest('.chip-remove');
    if (!button) return;
    const place = [...document.querySelectorAll('.chip-remove')].indexOf(button);
    const list = button.closest('ul');
    new MutationObserver((_changes, observer) => {
      observer.disconnect();
      const left = document.querySelectorAll('.chip-remove');
      (left[Math.min(place, left.length - 1)] ?? document.querySelector('.filters [data-key="/"]'))?.focus();
    }).observe(list, { childList: true });
  }

  window.addEventListener('popstate', tell);
  document.addEventListener('click', keepFocus);
  document.addEventListener('churnboard:linked', () => untold && tell());
})();
