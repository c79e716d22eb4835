// The token of the page at /connect: fetched when somebody asks for it, kept in this closure alone, and put into the
// programs for the eye or for the clipboard. The server wrote the programs; nothing here is part of its tree.
(() => {
  'use strict';

  const PLACEHOLDER = 'YOUR_TOKEN';
  const HIDDEN = '•'.repeat(12);
  const ENDING_SECONDS = 60;
  const SLOW = 100; // ms after which waiting is worth a word
  const TEXT = /'[^'\n]*'|"[^"\n]*"|`[^`\n]*`/g;

  let token = null;
  let endsAt = 0; // by performance.now(), which no change of the clock moves
  let revealed = false;
  let busy = false;
  let problem = null; // {state, note, until?}: why there is no newer one
  let ended = false;
  const codes = new Map(); // the program of each element, as the server wrote it

  const card = () => document.querySelector('[data-token-card]');
  const left = () => Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  // --- the token

  async function get() {
    if (busy || waiting()) return;
    busy = true;
    const late = setTimeout(paint, SLOW);
    try {
      const asked = performance.now();
      const answer = await fetch('/api/session', { cache: 'no-store', credentials: 'same-origin' });
      if (answer.ok) {
        const { data } = await answer.json();
        token = data.access_token;
        endsAt = asked + data.expires_in * 1000;
        problem = null;
        ended = false;
      } else {
        problem = await refusal(answer);
      }
    } catch {
      problem = { state: 'failed', note: navigator.onLine === false
        ? 'You are offline. Try again when the network is back.'
        : 'The server cannot be reached. Try again in a moment.' };
    }
    clearTimeout(late);
    busy = false;
    paint();
    if (card()) window.focusHome(card());
  }

  async function refusal(answer) {
    if (answer.status === 401) {
      token = null;
      return { state: 'denied', note: 'You are signed out. Sign in again to get a token.' };
    }
    const wait = Number(answer.headers.get('Retry-After')) || 5;
    if (answer.status === 429) {
      return { state: 'limited', note: 'Too many requests.', until: performance.now() + wait * 1000 };
    }
    const told = await answer.json().then((body) => body.error.message).catch(() => '');
    return { state: 'failed', note: told || `The server answered with ${answer.status}. Try again in a moment.` };
  }

  const waiting = () => (problem?.until ? Math.max(0, Math.ceil((problem.until - performance.now()) / 1000)) : 0);

  function expire() {
    if (!token || left() > 0) return;
    token = null;
    revealed = false;
    ended = true;
  }

  // --- drawing

  function draw(element) {
    element.innerHTML = `
      <div class="token-row"><code class="token-value" hidden></code>
      <button class="button" type="button" data-token="reveal" data-home-focus hidden>Reveal</button>
      <button class="button" type="button" data-token="copy" aria-label="Copy the token" hidden>Copy</button>
      <button class="button button-strong" type="button" data-token="get" data-home-focus></button>
      <a class="link" href="/login?next=/connect" data-home-focus hidden>Sign in</a></div>
      <p class="token-note" aria-live="off"></p><p class="sr-only" role="status"></p>`;
  }

  function state() {
    if (busy) return 'loading';
    if (problem) return waiting() || problem.state !== 'limited' ? problem.state : 'none';
    if (token) return left() <= ENDING_SECONDS ? 'ending' : 'ok';
    return ended ? 'ended' : 'none';
  }

  function life() {
    const seconds = left();
    if (seconds <= ENDING_SECONDS) return `It ends in ${seconds} s. Renew it to go on.`;
    return `It ends in ${Math.round(seconds / 60)} min, or when you sign out.`;
  }

  function note(now) {
    if (now === 'loading') return 'Getting a token…';
    if (now === 'limited') return `${problem.note} Try again in ${waiting()} s.`;
    if (problem && now === problem.state) return token ? `${problem.note} The present token holds: ${life()}` : problem.note;
    if (token) return life();
    return ended
      ? 'The token has ended, and with it the connections that used it.'
      : 'A token opens your board to a program: reading, and sending predictions. It is made when you ask for it.';
  }

  function paintCard(element) {
    if (!element.firstElementChild) draw(element);
    const now = state();
    element.dataset.state = now;
    const part = (name) => element.querySelector(`[data-token="${name}"]`);
    const value = element.querySelector('.token-value');
    value.hidden = !token;
    write(value, token ? (revealed ? token : `${HIDDEN} ${token.slice(-4)}`) : '');
    if (revealed) value.tabIndex = 0;
    else value.removeAttribute('tabindex');
    part('reveal').hidden = part('copy').hidden = !token;
    write(part('reveal'), revealed ? 'Hide' : 'Reveal');
    const get = part('get');
    get.hidden = now === 'denied';
    get.classList.toggle('button-strong', !token);
    get.toggleAttribute('aria-disabled', busy || now === 'limited');
    write(get, token ? 'Renew' : now === 'failed' || now === 'limited' ? 'Try again' : ended ? 'Get a new token' : 'Get a token');
    element.querySelector('.link').hidden = now !== 'denied';
    write(element.querySelector('.token-note'), note(now));
    say(element, now);
  }

  // What changed is said once; the minutes that pass are not.
  function say(element, now) {
    if (element.said === now || (!element.said && now === 'none')) return;
    element.said = now;
    const words = now === 'ok' ? 'There is a token now.' : now === 'ending' ? 'The token ends within a minute.' : note(now);
    write(element.querySelector('[role="status"]'), words);
  }

  function piece(kind, text) {
    const element = document.createElement('span');
    element.className = kind;
    element.textContent = text;
    return element;
  }

  function withToken(parent, text, shown) {
    text.split(PLACEHOLDER).forEach((part, number) => {
      if (number) parent.append(piece('code-token', shown));
      parent.append(part);
    });
  }

  function paintCode(element) {
    if (!codes.has(element)) codes.set(element, element.textContent);
    const code = codes.get(element);
    const shown = token ? (revealed ? token : HIDDEN) : PLACEHOLDER;
    if (element.shown === shown) return;
    element.shown = shown;
    element.replaceChildren();
    let at = 0;
    for (const found of code.matchAll(TEXT)) {
      withToken(element, code.slice(at, found.index), shown);
      const text = piece('code-text', '');
      withToken(text, found[0], shown);
      element.append(text);
      at = found.index + found[0].length;
    }
    withToken(element, code.slice(at), shown);
  }

  function paint() {
    const element = card();
    if (!element) return;
    expire();
    paintCard(element);
    document.querySelectorAll('[data-snippet]').forEach(paintCode);
  }

  // --- the clipboard

  const copy = (button, text, words) => window.copyFrom(button, text, { words, status: card().querySelector('[role="status"]') });

  function copySnippet(button) {
    const code = codes.get(button.closest('.snippet').querySelector('[data-snippet]'));
    const needs = code.includes(PLACEHOLDER);
    const words = !needs ? 'Copied.' : token ? 'Copied with the token in it.' : `Copied with ${PLACEHOLDER} in place of a token.`;
    copy(button, token ? code.replaceAll(PLACEHOLDER, token) : code, words);
  }

  // --- tabs

  function select(tab, { focus = false } = {}) {
    for (const other of tab.parentElement.children) {
      const on = other === tab;
      other.setAttribute('aria-selected', String(on));
      other.tabIndex = on ? 0 : -1;
      document.getElementById(other.getAttribute('aria-controls')).hidden = !on;
    }
    if (focus) tab.focus();
  }

  function onKey(event) {
    const tab = event.target.closest?.('[role="tab"]');
    if (!tab) return;
    const tabs = [...tab.parentElement.children];
    const at = tabs.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select(tabs[to % tabs.length], { focus: true });
  }

  function onClick(event) {
    const target = event.target.closest?.('[data-token], [data-copy-snippet], [data-copy-origin], [role="tab"]');
    if (!target) return;
    if (target.role === 'tab') return select(target);
    if ('copySnippet' in target.dataset) return copySnippet(target);
    if ('copyOrigin' in target.dataset) return copy(target, document.querySelector('[data-origin]').textContent, 'Copied.');
    if (target.dataset.token === 'get') return get();
    if (target.dataset.token === 'copy') return copy(target, token, 'The token is copied.');
    revealed = !revealed;
    paint();
  }

  document.addEventListener('click', onClick);
  document.addEventListener('keydown', onKey);
  // Whoever comes back to the page by the browser's history asks again.
  window.addEventListener('pagehide', () => {
    token = null;
    revealed = false;
    paint();
  });
  const found = new MutationObserver(() => card() && (found.disconnect(), paint()));
  found.observe(document, { subtree: true, childList: true });
  setInterval(paint, 1000);
})();
