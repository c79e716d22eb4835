// What a customer's page must do in the browser itself, because what is typed and where the focus is are the browser's.
(() => {
  'use strict';

  let held = null; // what had the focus last
  let home = null; // the part of the page it belongs to

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

  // --- the focus: into a form that appears, and back to its part of the page when it goes

  const isThere = (element) => element.isConnected && (element.checkVisibility?.() ?? true);

  function onFocus({ target }) {
    if (target.closest('.q-dialog')) return; // it gives the focus back by itself
    held = target;
    home = target.closest('[data-home]');
  }

  function onPress({ target }) {
    if (!held?.contains(target)) held = null; // who clicks beside it lets go of it
  }

  function keepFocus() {
    const wanted = document.querySelector('[data-take-focus]:not([data-had-focus])');
    if (wanted) {
      wanted.dataset.hadFocus = '';
      wanted.focus();
      return;
    }
    if (!held || isThere(held) || document.querySelector('.q-dialog')) return;
    const part = home?.isConnected ? home : document.querySelector('.panel-notes');
    held = null;
    if (document.activeElement !== document.body && isThere(document.activeElement)) return;
    [...(part?.querySelectorAll('[data-home-focus]') ?? [])].find(isThere)?.focus({ preventScroll: true });
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
    keepFocus();
  }

  document.addEventListener('submit', onSubmit, true);
  document.addEventListener('keydown', onKey);
  document.addEventListener('focusin', onFocus);
  document.addEventListener('pointerdown', onPress);
  document.addEventListener('click', onClick);
  window.addEventListener('pagehide', keepDraft);
  document.addEventListener('submit', onSignOut);
  new MutationObserver(onChanged).observe(document, {
    subtree: true, childList: true, attributeFilter: ['class', 'data-taken'],
  });
})();
