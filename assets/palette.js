// The palette (Ctrl K): everything that can be done, found by typing; and the list of keys (?).
//
// Drawn here, when it is first opened. A command clicks what the page has for it, so that both do the same.
(() => {
  'use strict';

  const MOST = 60; // of the matches that are listed
  const IS_MAC = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform);
  let known = null; // what the server says there is
  let palette = null; // the dialog with its parts, once it was opened
  let help = null;
  let views = []; // the saved views, as commands
  let shown = []; // the commands that are listed
  let active = -1; // which of them Enter takes

  const opener = () => document.querySelector('[data-palette]');
  const given = () => (known ??= JSON.parse(opener().dataset.palette));
  const isBusy = () => document.querySelector('dialog[open], .q-dialog') !== null;

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...children);
    return element;
  }

  // --- what there is

  const isOffered = ({ click, href, theme }) => !click || href || theme || document.querySelector(click);

  function customerCommands(typed) {
    if (!typed) return [];
    const id = /^\.\.?$/.test(typed) ? `?id=${typed}` : `/${encodeURIComponent(typed)}`;
    return [
      { kind: 'Customer', words: `Find customers with “${typed}”`, find: typed, href: `/?q=${encodeURIComponent(typed)}` },
      { kind: 'Customer', words: `Open the customer with the id “${typed}”`, href: `/customers${id}` },
    ];
  }

  function viewCommand({ name, query }) {
    const values = Object.entries(query).map(([key, value]) => [key, Array.isArray(value) ? value.join(',') : value]);
    const search = new URLSearchParams(values).toString();
    return { kind: 'View', words: name, also: 'saved view', view: true, href: search ? `/?${search}` : '/' };
  }

  async function loadViews() {
    try {
      const answer = await fetch('/api/views', { headers: { Accept: 'application/json' } });
      if (!answer.ok) return;
      views = (await answer.json()).data.filter(({ query }) => query).map(viewCommand);
      if (palette?.dialog.open) list(shown[active]); // Enter goes on doing what it would have done
    } catch {
      // the server is away: what is known of them stays
    }
  }

  // Lower is better; null: it does not match. Every word that was typed must be found.
  function rank({ words, also = '', kind }, typed) {
    const text = words.toLocaleLowerCase();
    const rest = `${text} ${also} ${kind}`.toLocaleLowerCase();
    if (!typed.split(/\s+/).every((word) => rest.includes(word))) return null;
    if (text.startsWith(typed)) return 0;
    if (text.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(typed))) return 1;
    return text.includes(typed) ? 2 : 3;
  }

  function matches() {
    const typed = palette.input.value.trim();
    const { commands } = given();
    const pages = commands.filter(({ kind }) => kind === 'Page');
    const all = [...pages, ...views, ...commands.filter(({ kind }) => kind !== 'Page')].filter(isOffered);
    if (!typed) return all;
    const ranked = all.map((command) => [rank(command, typed.toLocaleLowerCase()), command]);
    const found = ranked.filter(([place]) => place !== null).sort(([one], [other]) => one - other);
    return [...found.map(([, command]) => command), ...customerCommands(typed)];
  }

  // --- doing it

  function typeInto(field, text) {
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }

  // The board follows its address without being loaded again.
  function goTo(href) {
    if (location.pathname !== '/' || !href.startsWith('/?') && href !== '/' || !document.querySelector('.filters')) {
      location.assign(href);
      return;
    }
    history.pushState(null, '', href);
    window.dispatchEvent(new PopStateEvent('popstate'));
  }

  function run({ click, href, theme, find, help: keys, print }) {
    const target = click && document.querySelector(click);
    const search = find && document.querySelector('.filters [data-key="/"]');
    if (target) target.click();
    else if (search) typeInto(search, find);
    else if (theme) emitEvent('churnboard:theme', theme);
    else if (keys) openHelp();
    else if (print) document.dispatchEvent(new Event('churnboard:print'));
    else if (href) goTo(href);
  }

  function take(index) {
    const command = shown[index];
    if (!command) return;
    palette.dialog.close();
    run(command);
  }

  // --- drawing it

  function option(command, index) {
    const pressed = command.click && document.querySelector(command.click)?.getAttribute('aria-pressed') === 'true';
    const kind = make('span', { class: 'palette-kind' }, pressed ? `${command.kind}, in force` : command.kind);
    const words = make('span', { class: 'palette-words' }, command.words);
    return make('li', { role: 'option', id: `palette-${index}`, 'aria-selected': 'false' }, words, kind);
  }

  function choose(index) {
    const options = palette.list.children;
    options[active]?.setAttribute('aria-selected', 'false');
    active = options.length ? (index + options.length) % options.length : -1;
    const chosen = options[active];
    chosen?.setAttribute('aria-selected', 'true');
    chosen?.scrollIntoView({ block: 'nearest' });
    if (chosen) palette.input.setAttribute('aria-activedescendant', chosen.id);
    else palette.input.removeAttribute('aria-activedescendant');
  }

  const isSame = (one, other) => one.kind === other?.kind && one.words === other.words; // also when it was made anew

  function list(keep = null) {
    shown = matches().slice(0, MOST);
    palette.list.replaceChildren(...shown.map(option));
    choose(Math.max(0, shown.findIndex((command) => isSame(command, keep))));
    palette.count.textContent = shown.length === 1 ? '1 match' : `${shown.length} matches`;
  }

  function onInputKey(event) {
    const moves = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: Math.min(active + 8, shown.length - 1) };
    moves.PageUp = Math.max(active - 8, 0);
    if (event.isComposing) return;
    if (event.key in moves) choose(moves[event.key]);
    else if (event.key === 'Enter') take(active);
    else return;
    event.preventDefault();
  }

  function build() {
    const input = make('input', {
      type: 'text', class: 'palette-input', role: 'combobox', 'aria-label': 'Search pages, views, filters and actions',
      'aria-autocomplete': 'list', 'aria-expanded': 'true', 'aria-controls': 'palette-list', autocomplete: 'off',
      spellcheck: 'false', placeholder: 'Search, or go to…', maxlength: '100',
    });
    const options = make('ul', { role: 'listbox', id: 'palette-list', class: 'palette-list', 'aria-label': 'Matches' });
    const count = make('p', { role: 'status', class: 'sr-only' });
    const hint = make('p', { class: 'palette-hint', 'aria-hidden': 'true' });
    hint.append(make('kbd', {}, '↑'), make('kbd', {}, '↓'), ' choose ', make('kbd', {}, 'Enter'), ' do it ');
    hint.append(make('kbd', {}, 'Esc'), ' close');
    const dialog = make('dialog', { class: 'palette', 'aria-label': 'Search and commands' }, input, options, hint, count);
    input.addEventListener('input', () => list());
    input.addEventListener('keydown', onInputKey);
    options.addEventListener('pointermove', ({ target }) => {
      const index = [...options.children].indexOf(target.closest('li'));
      if (index >= 0 && index !== active) choose(index);
    });
    options.addEventListener('pointerdown', (event) => event.preventDefault()); // the focus stays where it is typed
    options.addEventListener('click', ({ target }) => take([...options.children].indexOf(target.closest('li'))));
    closeByClick(dialog);
    document.body.append(dialog);
    return { dialog, input, list: options, count };
  }

  function closeByClick(dialog) {
    dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
  }

  function open() {
    if (!opener() || isBusy()) return;
    palette ??= build();
    palette.input.value = '';
    active = -1;
    document.querySelectorAll('details.menu[open]').forEach((menu) => (menu.open = false));
    palette.dialog.showModal(); // gives the focus back by itself when it closes
    list();
    loadViews();
  }

  // --- the keys

  function buildHelp() {
    const off = document.querySelector('[data-connection]')?.dataset.noShortcuts !== undefined;
    const rows = Object.entries(given().keys).map(([key, words]) => {
      const names = (IS_MAC ? key.replace('Ctrl', '⌘') : key).split(' ');
      const [first, ...rest] = names.map((name) => make('kbd', {}, name));
      return make('div', { class: 'keys-row' }, make('dt', {}, first, ...rest.flatMap((each) => [' ', each])), make('dd', {}, words));
    });
    const close = make('button', { type: 'button', class: 'button' }, 'Close');
    const about = off
      ? 'Single keys are switched off in your settings.'
      : 'Single keys do nothing while something is typed; they can be switched off in the settings.';
    const dialog = make(
      'dialog',
      { class: 'keys-dialog', 'aria-labelledby': 'keys-title' },
      make('h2', { id: 'keys-title', class: 'dialog-title' }, 'Keys'),
      make('dl', { class: 'keys-list' }, ...rows),
      make('p', { class: 'quiet' }, about),
      close,
    );
    close.addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => dialog.remove());
    closeByClick(dialog);
    document.body.append(dialog);
    return dialog;
  }

  function openHelp() {
    if (!opener() || isBusy()) return;
    help = buildHelp();
    help.showModal();
  }

  function onKey(event) {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
      if (!opener()) return;
      event.preventDefault();
      if (palette?.dialog.open) palette.dialog.close();
      else open();
    } else if (event.key === '?' && window.isSingleKey(event)) {
      event.preventDefault();
      openHelp();
    }
  }

  document.addEventListener('keydown', onKey);
  document.addEventListener('click', ({ target }) => target.closest?.('[data-palette]') && open());
  if (IS_MAC) document.documentElement.dataset.mac = '';
})();
