// What a customer's page must do in the browser itself, because what is typed is the browser's.
(() => {
  'use strict';

  // --- forms: what was sent is cleared once it is kept, unless something else was typed meanwhile

  const fields = (form) => [...form.querySelectorAll('input, textarea')];

  function onSubmit({ target }) {
    if (target.matches?.('[data-form]')) target.sent = fields(target).map((field) => field.value);
  }

  function clear(form) {
    fields(form).forEach((field, index) => {
      if (form.sent && field.value === form.sent[index]) field.value = field.defaultValue;
    });
  }

  function onKey(event) {
    const sends = event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.isComposing;
    const form = sends && event.target.closest?.('[data-form]');
    if (!form) return;
    event.preventDefault();
    form.requestSubmit();
  }

  // --- a note that was begun outlives a reload, for the person who began it and as long as the tab is open

  const draft = () => document.querySelector('.form-add textarea');
  const draftKey = () => `note ${document.querySelector('[data-account]')?.dataset.account} ${location.pathname}`;

  function keepDraft() {
    const field = draft();
    if (field?.value) sessionStorage[draftKey()] = field.value;
    else if (field) delete sessionStorage[draftKey()];
  }

  function onSignOut({ target }) {
    if (target.matches('form[action$="/logout"]')) window.removeEventListener('pagehide', keepDraft);
  }

  function recallDraft() {
    const field = draft();
    if (!field || field.recalled) return;
    field.recalled = true;
    field.value ||= sessionStorage[draftKey()] ?? '';
  }

  // --- back to the board as it was: the history knows it, a link would begin anew

  function onClick(event) {
    const link = event.target.closest?.('a[data-back]');
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) && event.button === 0;
    if (!link || !plain || !document.referrer) return;
    const from = new URL(document.referrer);
    if (from.origin !== location.origin || from.pathname !== '/') return;
    event.preventDefault();
    if (history.length > 1) history.back();
    else location.assign(from); // a tab of its own: the address has the board's filters
  }

  function onChanged(changes) {
    changes
      .filter(({ attributeName, target }) => attributeName === 'data-taken' && target.isConnected)
      .forEach(({ target }) => clear(target));
    recallDraft();
  }

  document.addEventListener('submit', onSubmit, true);
  document.addEventListener('keydown', onKey);
  document.addEventListener('click', onClick);
  window.addEventListener('pagehide', keepDraft);
  document.addEventListener('submit', onSignOut);
  new MutationObserver(onChanged).observe(document, {
    subtree: true, childList: true, attributeFilter: ['data-taken'],
  });
})();
