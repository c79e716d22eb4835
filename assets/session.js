// The end of the browser session: said some minutes before, in every tab, and put off by one press in any of them.
// The server writes how long the session lasts when it builds the page; the rest must also work without a link.
(() => {
  'use strict';

  const ASK_AGAIN = 15_000;
  const LAST_MINUTE = 60_000;
  const GRACE = 15_000; // within which the server sends the page of an ended session to the sign-in, if it can
  const LAST = 'Sign in again then: this page goes on where you were, and a note you began is kept.';
  const NOT_REACHED = 'The server cannot be reached. Try again in a moment.';

  let end = null; // {at, prolongable}: as far as it is known here
  let knownAt = 0;
  let askedAt = Number.NEGATIVE_INFINITY;
  let unanswered = false;
  let busy = false;
  let dismissed = false;
  let problem = '';
  let before = null; // what had the focus

  const channel = new BroadcastChannel('churnboard session'); // other tabs of this browser are in the same session
  const root = () => document.querySelector('[data-session]');
  const warning = () => 1000 * Number(root().dataset.warning);
  const left = () => end.at - Date.now();
  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  // --- what is known

  function take({ expires_in: seconds, prolongable }) {
    end = { at: Date.now() + 1000 * seconds, prolongable };
    knownAt = Date.now();
    unanswered = dismissed = false;
    problem = '';
  }

  // It may have been prolonged where nobody told this tab: no warning comes from what was known before it was due.
  const isKnown = () => knownAt >= end.at - warning();

  async function request(method) {
    const answer = await fetch('/api/session', {
      method, cache: 'no-store', credentials: 'same-origin', signal: AbortSignal.timeout(8000),
    });
    if (answer.status === 401) document.dispatchEvent(new Event('churnboard:signed-out'));
    const body = await answer.json().catch(() => null);
    return { ok: answer.ok, data: body?.data, message: body?.error?.message };
  }

  async function ask() {
    askedAt = Date.now();
    try {
      const { ok, data } = await request('GET');
      if (ok && data.browser_session) take(data.browser_session);
      else unanswered = true;
    } catch {
      unanswered = true;
    }
    paint();
  }

  async function stay() {
    if (busy) return;
    busy = true;
    problem = '';
    paint();
    try {
      const { ok, data, message } = await request('POST');
      if (ok) {
        take(data);
        channel.postMessage(data);
      } else {
        problem = message ?? NOT_REACHED;
      }
    } catch {
      problem = NOT_REACHED;
    }
    busy = false;
    paint();
    if (!problem && !isShown()) write(root().querySelector('[role="status"]'), 'You stay signed in.');
  }

  // --- what is shown

  function isShown() {
    if (dismissed || document.documentElement.dataset.link === 'signed-out') return false;
    return left() <= warning() && left() > 0 && (isKnown() || unanswered);
  }

  function wait() {
    const seconds = Math.ceil(left() / 1000);
    return seconds > 90 ? `${Math.round(seconds / 60)} min` : `${seconds} s`;
  }

  function draw(element) {
    element.innerHTML = `
      <section class="session-warning" aria-label="Your sign-in" hidden>
      <div class="session-words"><p><strong class="session-when"><span></span><span class="session-last">, at
      <time data-clock></time></span>.</strong> <span class="session-last">${LAST}</span></p>
      <p class="session-trouble" role="alert"></p></div>
      <div class="session-actions"><button class="button button-strong" type="button" data-stay>Stay signed in</button>
      <button class="button button-quiet" type="button" data-dismiss>Dismiss</button></div></section>
      <p class="sr-only" role="status"></p>`;
    const box = element.firstElementChild;
    box.querySelector('[data-stay]').addEventListener('click', stay);
    box.querySelector('[data-dismiss]').addEventListener('click', () => {
      dismissed = true;
      paint();
    });
    box.addEventListener('focusin', ({ relatedTarget }) => {
      if (relatedTarget && !box.contains(relatedTarget)) before = relatedTarget;
    });
    new ResizeObserver(() => makeRoom(box)).observe(box);
  }

  // What else is at the bottom of the page goes above it, and nothing that gets the focus is behind it.
  function makeRoom(box) {
    const { documentElement: page } = document;
    page.toggleAttribute('data-warned', !box.hidden);
    page.style.setProperty('--warned', `${box.hidden ? 0 : Math.ceil(box.getBoundingClientRect().height) + 8}px`);
  }

  function hide(box) {
    const held = box.contains(document.activeElement);
    box.hidden = true;
    if (held && before?.isConnected) before.focus({ preventScroll: true });
  }

  function paint() {
    const element = root();
    const box = element.querySelector('.session-warning');
    if (isShown()) {
      write(box.querySelector('.session-when span'), `You will be signed out in ${wait()}`);
      box.querySelectorAll('.session-last').forEach((each) => (each.hidden = end.prolongable));
      box.querySelector('time').dateTime = new Date(end.at).toISOString();
      box.querySelector('[data-stay]').hidden = !end.prolongable;
      box.querySelector('[data-stay]').toggleAttribute('aria-disabled', busy);
      write(box.querySelector('.session-trouble'), problem);
      box.hidden = false;
      say(element, box);
    } else if (!box.hidden) {
      hide(box);
      element.said = '';
      write(element.querySelector('[role="status"]'), '');
    }
  }

  // Said when it appears, when there is no more to be had, and in the last minute; the seconds that pass are not.
  function say(element, box) {
    const state = `${end.prolongable} ${left() <= LAST_MINUTE}`;
    if (element.said === state) return;
    element.said = state;
    const rest = end.prolongable ? 'A button at the beginning of the page keeps you signed in.' : LAST;
    write(element.querySelector('[role="status"]'), `${box.querySelector('.session-when span').textContent}. ${rest}`);
  }

  function turn() {
    const element = root();
    if (!element) return;
    if (!end) {
      draw(element);
      take({ expires_in: Number(element.dataset.left), prolongable: 'prolongable' in element.dataset });
    }
    const due = left() < -GRACE || (left() <= warning() && !isKnown());
    if (due && !busy && Date.now() - askedAt > ASK_AGAIN) ask();
    paint();
  }

  channel.addEventListener('message', ({ data }) => {
    if (!root() || !end) return;
    take(data);
    paint();
  });
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && turn());
  setInterval(turn, 1000);
})();
