// Small things of every page that need no server: menus, tips, copying, keys.
(() => {
  'use strict';

  function closeMenus(except) {
    document.querySelectorAll('details.menu[open]').forEach((menu) => {
      if (menu === except) return;
      if (menu.contains(document.activeElement)) menu.querySelector('summary').focus(); // what is in it goes
      menu.open = false;
    });
  }

  function keepInside(tip) {
    const body = tip.querySelector('.tip-body');
    body.style.setProperty('--shift', '0px');
    const box = body.getBoundingClientRect();
    const right = document.documentElement.clientWidth - 8 - box.right;
    body.style.setProperty('--shift', `${Math.max(Math.min(0, right), 8 - box.left)}px`);
  }

  function onClick(event) {
    const target = event.target;
    closeMenus(target.closest('.menu-item') ? null : target.closest('details.menu'));
    const toggle = target.closest('[data-toggle-filters]');
    if (toggle) {
      const open = toggle.getAttribute('aria-expanded') !== 'true';
      toggle.setAttribute('aria-expanded', String(open));
    }
    const copy = target.closest('[data-copy]');
    if (copy) {
      navigator.clipboard?.writeText(copy.parentElement.querySelector('pre').textContent).then(() => {
        copy.textContent = 'Copied';
        setTimeout(() => (copy.textContent = 'Copy'), 2000);
      });
    }
  }

  function onKey(event) {
    if (event.key !== 'Escape') return;
    const menu = document.querySelector('details.menu[open]');
    if (menu) menu.querySelector('summary').focus();
    closeMenus(null);
    document.querySelectorAll('.tip:is(:hover, :focus-within)').forEach((tip) => (tip.dataset.dismissed = ''));
  }

  // Some keys belong to a part of the page: to the one that has the focus, else to the one under the pointer.
  const part = (element) => element.dataset.within && element.closest(element.dataset.within);
  const isInReach = (element) => !element.dataset.within || part(element).matches(':hover');

  // Whether a key is one that does something by itself: they are not switched off, and it is not typed into something.
  window.isSingleKey = (event) => {
    const off = document.querySelector('[data-connection]')?.dataset.noShortcuts !== undefined;
    if (off || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return false;
    return !event.target.closest?.('input, select, textarea, [contenteditable], [role="dialog"], dialog');
  };

  // A single key does what the element that is marked with it does.
  function onShortcut(event) {
    if (!window.isSingleKey(event)) return;
    const marked = [...document.querySelectorAll('[data-key]')];
    const meant = marked.filter(({ dataset, offsetParent }) => dataset.key === event.key && offsetParent);
    const element = meant.find((each) => part(each)?.matches(':focus-within')) ?? meant.find(isInReach);
    if (!element) return;
    event.preventDefault();
    if (part(element)?.matches(':focus-within')) element.focus({ preventScroll: true }); // what had it may be hidden
    if (element.matches('input')) element.focus();
    else element.click();
  }

  function onTip(event) {
    const tip = event.target.closest?.('.tip');
    if (tip) keepInside(tip);
    document.querySelectorAll('.tip[data-dismissed]:not(:hover, :focus-within)').forEach((each) => {
      delete each.dataset.dismissed;
    });
  }

  // What a person began to write stays in the tab for that person alone: see assets/customer.js.
  function forgetDrafts(whose) {
    const owner = document.querySelector('[data-account]')?.dataset.account;
    if (whose === 'of others' && !owner) return;
    Object.keys(sessionStorage)
      .filter((key) => key.startsWith('note ') && !(whose === 'of others' && key.startsWith(`note ${owner} `)))
      .forEach((key) => sessionStorage.removeItem(key));
  }

  // The server tells every page of the session to ask for itself again. The one that goes to the sign-in by itself
  // must not: it would take this place there, for whoever signs in next.
  function onSubmit({ target }) {
    if (!target.matches('form[action$="/logout"]')) return;
    window.socket?.off('open');
    forgetDrafts('of all');
  }

  forgetDrafts('of others');
  document.addEventListener('submit', onSubmit);
  document.addEventListener('click', onClick);
  document.addEventListener('keydown', onKey);
  document.addEventListener('keydown', onShortcut);
  document.addEventListener('mouseover', onTip);
  document.addEventListener('focusin', onTip);
})();
