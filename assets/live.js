// What must be known, and right, while the server cannot be reached: the connection, and the age of every number.
// Runs beside NiceGUI, whose socket is window.socket. The server only writes attributes; nothing here is part of its tree.
(() => {
  'use strict';

  const TRIES = 5;
  const LONGEST_WAIT = 16_000;
  const PROBE_EVERY = 30_000;
  const WORDS = {
    connecting: 'Connecting',
    live: 'Live',
    paused: 'Paused',
    off: 'Updates off',
    delayed: 'Delayed',
    reconnecting: 'Reconnecting…',
    polling: 'Polling',
    offline: 'Offline',
    'signed-out': 'Signed out',
  };
  const NEVER = Number.NEGATIVE_INFINITY;
  const FALL_BACK_AFTER = 31_000; // 1 + 2 + 4 + 8 + 16 s, however long each try itself takes
  const WORTH_A_WORD = 10_000;

  // What assets/polling.js does meanwhile, and what it is to do.
  const polling = (window.churnboardPolling = { wanted: false, asOf: null, at: NEVER, failed: false });

  let link = 'connecting'; // connecting, up, lost, out
  let lostAt = NEVER;
  let attempt = 0;
  let nextTry = 0;
  let linkedAt = NEVER;
  let asOf = null; // of the page; numbers that were polled may be younger
  let freshAt = NEVER; // by this computer's clock, which need not agree with the server's
  let probedAt = NEVER;
  let lazy = null;
  let queued = false;

  const root = () => document.querySelector('[data-connection]');
  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  // --- time

  // In the order and the hours the server names, as it writes them itself. Words are English, as the page is.
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const PARTS = {
    weekday: 'short', day: 'numeric', month: 'numeric', year: 'numeric', hour: '2-digit', minute: '2-digit',
    second: '2-digit', hourCycle: 'h23', timeZoneName: 'short',
  };
  const manner = () => root()?.dataset ?? {};
  const formats = {};
  function format() {
    const { zone, day = '' } = manner();
    const language = day.startsWith('%b') ? 'en-US' : 'en-GB'; // what a zone is called there: EST, or CET
    const key = `${language} ${zone}`;
    if (!formats[key]) {
      try {
        formats[key] = new Intl.DateTimeFormat(language, { ...PARTS, timeZone: zone });
      } catch {
        formats[key] = new Intl.DateTimeFormat(language, PARTS); // a zone this browser does not know
      }
    }
    return formats[key];
  }
  function inParts(date) {
    const found = Object.fromEntries(format().formatToParts(date).map(({ type, value }) => [type, value]));
    const { weekday, day, month, year, hour, minute, second, timeZoneName } = found;
    return {
      '%a': weekday, '%-d': day, '%b': MONTHS[month - 1], '%Y': year, '%H': hour, '%-I': `${hour % 12 || 12}`,
      '%M': minute, '%S': second, '%p': hour < 12 ? 'AM' : 'PM', '%Z': timeZoneName,
    };
  }
  function written(date, pattern) {
    const parts = inParts(date);
    return pattern.replace(/%-?[a-z]/gi, (name) => parts[name] ?? name);
  }
  const dayPattern = () => manner().day ?? '%-d %b %Y';
  const timePattern = () => (manner().time ?? '%H:%M').replace('%M', '%M:%S');
  const clock = (date) => written(date, timePattern());
  const day = (date) => written(date, dayPattern());
  const full = (date) => written(date, `%a, ${dayPattern()}, ${timePattern()} %Z`);
  const moment = (date) => written(date, `${dayPattern()}, ${manner().time ?? '%H:%M'}`);

  function age(seconds) {
    if (seconds < 5) return 'just now';
    if (seconds < 60) return `${Math.floor(seconds)} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
    return `${Math.floor(seconds / 86_400)} d ago`;
  }

  function paintTime(element) {
    const date = new Date(element.dateTime);
    if (!element.dateTime || Number.isNaN(date.getTime())) return write(element, '');
    const seconds = (Date.now() - date) / 1000;
    const old = seconds > 7 * 86_400;
    const { clock: asClock, moment: asMoment } = element.dataset;
    write(element, asClock === '' ? clock(date) : asMoment === '' ? moment(date) : old ? day(date) : age(seconds));
    const { zone, day: order, time } = manner(); // chosen anew on the page of settings
    const painted = [element.dateTime, zone, order, time].join();
    if (element.painted !== painted) element.title = full(date);
    element.painted = painted;
  }

  // --- connection

  const interval = () => 1000 * Number(root().dataset.interval);
  const numbersAt = () => Math.max(freshAt, polling.at);
  const isPolled = () => polling.wanted && Date.now() - polling.at <= 3 * interval();

  function lostState() {
    if (isPolled()) return 'polling';
    if (navigator.onLine === false) return 'offline';
    const given = attempt > TRIES && (polling.failed || !polling.poller || root().dataset.paused);
    return given ? 'offline' : 'reconnecting';
  }

  function state() {
    if (link === 'out') return 'signed-out';
    if (link === 'lost') return lostState();
    if (link === 'connecting') return 'connecting';
    if (root().dataset.paused) return root().dataset.paused === 'off' ? 'off' : 'paused';
    if (root().dataset.delayed) return 'delayed';
    if (asOf === null && Date.now() - linkedAt < 3 * interval()) return 'connecting';
    return Date.now() - freshAt > 3 * interval() ? 'delayed' : 'live';
  }

  function nextTurn(now) {
    if (link !== 'lost') return '';
    const seconds = Math.max(0, Math.ceil((nextTry - Date.now()) / 1000));
    if (now === 'reconnecting') {
      const tries = `Try ${Math.min(Math.max(attempt, 1), TRIES)} of ${TRIES}`;
      return seconds ? `${tries}, next in ${seconds} s` : `${tries}, trying now`;
    }
    return seconds ? `Next try in ${seconds} s` : 'Trying now';
  }

  function draw(element) {
    element.innerHTML = `
      <span class="pill"><span class="pill-dot" aria-hidden="true"></span><span class="pill-word" role="status"></span></span>
      <div class="retry" hidden><span class="retry-when" aria-hidden="true"></span
      ><button class="button button-quiet" type="button">Reconnect now</button></div>
      <span class="as-of" hidden><span class="as-of-label">as of </span><time data-clock></time
      ><span class="as-of-age"></span></span>
      <div class="signed-out" hidden><h1 class="empty-title">You are signed out</h1>
      <p class="empty-text">Sign in again, and this page goes on where you were.</p>
      <a class="button button-strong">Sign in again</a></div>`;
    element.querySelector('.retry button').addEventListener('click', retry);
  }

  function paintConnection() {
    const element = root();
    if (!element) return;
    if (!element.firstElementChild) draw(element);
    const now = state();
    element.querySelector('.pill').dataset.state = now;
    write(element.querySelector('.pill-word'), WORDS[now]);
    write(element.querySelector('.retry-when'), nextTurn(now));
    element.querySelector('.retry').hidden = link !== 'lost';
    const out = element.querySelector('.signed-out');
    out.hidden = link !== 'out';
    out.querySelector('a').href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
    document.documentElement.dataset.link = now;
    if (now === 'delayed') probe();
    if (asOf !== null) paintAges(element, now);
  }

  function paintAges(element, now) {
    const since = Date.now() - numbersAt();
    const stale = since > 3 * interval();
    document.documentElement.toggleAttribute('data-stale', stale);
    const label = element.querySelector('.as-of');
    label.hidden = now === 'connecting' || now === 'signed-out';
    label.querySelector('time').dateTime = polling.at > freshAt ? polling.asOf : asOf;
    write(label.querySelector('.as-of-label'), stale ? 'Data from ' : 'as of ');
    write(label.querySelector('.as-of-age'), now === 'live' ? '' : age(since / 1000));
    document.querySelectorAll('[data-age]').forEach((each) => {
      const old = Date.now() - (each.dataset.age === 'page' ? freshAt : numbersAt());
      write(each, old > WORTH_A_WORD ? age(old / 1000) : '');
    });
  }

  // A session that ended leaves the page without updates, whatever becomes of the socket: ask.
  async function probe() {
    if (Date.now() - probedAt < PROBE_EVERY) return;
    probedAt = Date.now();
    try {
      const answer = await fetch('/api/session', { cache: 'no-store', credentials: 'same-origin' });
      if (answer.status === 401) signOut();
    } catch {
      // not reachable: the socket will notice by itself
    }
  }

  function signOut() {
    link = 'out';
    polling.wanted = false;
    window.socket?.disconnect();
    paint();
  }

  function lose() {
    if (link === 'out') return;
    if (link !== 'lost') lostAt = Date.now();
    link = 'lost';
    attempt = 1;
    nextTry = Date.now() + 1000;
    paint();
  }

  function retry() {
    const socket = window.socket;
    if (!socket || link !== 'lost') return;
    attempt = 1;
    nextTry = 0;
    socket.io.opts.query.next_message_id = window.nextMessageId; // or the server asks for a reload
    socket.disconnect().connect();
    paint();
  }

  // A server that no longer knows this page gives a new one; not in a loop, should it keep refusing.
  function reload() {
    const recent = JSON.parse(sessionStorage.churnboardReloads || '[]').filter((at) => Date.now() - at < 60_000);
    sessionStorage.churnboardReloads = JSON.stringify([...recent, Date.now()]);
    // as assets/view.js does when a page is left: too late for a page that is loaded again
    const typed = [...document.querySelectorAll('.filters input')].map(({ id, value }) => [id, value]);
    history.replaceState({ ...history.state, churnboard: { scroll: window.scrollY, typed } }, '');
    setTimeout(() => location.reload(), recent.length < 3 ? 0 : 10_000);
  }

  function adopt(socket) {
    const manager = socket.io;
    manager.reconnectionDelay(1000);
    manager.reconnectionDelayMax(LONGEST_WAIT);
    manager.randomizationFactor(0);
    manager.timeout(8000);
    socket.off('connect_error'); // NiceGUI's reloads the page after a time-out: offline, into the browser's error page
    let plain = false;
    socket.on('connect_error', (error) => {
      if (error.message === 'Implicit handshake failed') return reload();
      plain = !plain; // a proxy may swallow, or refuse, one of the two
      manager.opts.transports = plain ? ['polling', 'websocket'] : ['websocket', 'polling'];
      if (link !== 'lost') lose();
    });
    manager.on('reconnect_attempt', (number) => {
      attempt = number;
      nextTry = 0;
      paint();
    });
    manager.on('reconnect_error', () => {
      nextTry = Date.now() + Math.min(1000 * 2 ** attempt, LONGEST_WAIT);
      attempt += 1;
      probe();
      paint();
    });
    socket.on('connect', () => {
      link = 'up';
      linkedAt = Date.now();
      polling.wanted = false;
      document.dispatchEvent(new Event('churnboard:linked'));
      paint();
    });
    socket.on('as_of', (time) => { // nothing but the time is newer: see components/connection.py
      if (root()) root().dataset.asOf = time;
    });
    // what a page has not said it has is kept for it, and the timer by which it does rests in a tab nobody looks at
    socket.onAny(() => document.hidden && window.ack());
    socket.on('disconnect', (reason) => {
      if (reason === 'io client disconnect') return;
      lose();
      if (reason === 'io server disconnect') setTimeout(retry, 1000); // socket.io itself does not try again then
    });
    if (socket.connected) {
      link = 'up';
      linkedAt = Date.now();
    }
    paint();
  }

  function watchSocket() {
    let socket = window.socket;
    const take = () => setTimeout(() => adopt(socket)); // after NiceGUI has added its own handlers
    Object.defineProperty(window, 'socket', {
      configurable: true,
      get: () => socket,
      set: (value) => {
        socket = value;
        take();
      },
    });
    if (socket) take();
  }

  // --- charts: ask for one when it comes near, and not before the first numbers are on the screen

  function observeCharts() {
    if (lazy || asOf === null) return;
    lazy = new IntersectionObserver(
      (entries) =>
        entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
          lazy.unobserve(target);
          target.dispatchEvent(new CustomEvent('near', { bubbles: true }));
        }),
      { rootMargin: '250px' },
    );
    requestAnimationFrame(() => setTimeout(lookForCharts, 50));
  }

  // Also once there is a link again: what was asked of a link that was about to break is asked for anew.
  function lookForCharts() {
    if (!lazy) return;
    lazy.disconnect();
    document.querySelectorAll('[data-lazy]:empty').forEach((element) => lazy.observe(element));
  }

  // --- painting

  function paint() {
    queued = false;
    if (link === 'lost') polling.wanted = attempt > TRIES || Date.now() - lostAt > FALL_BACK_AFTER;
    paintConnection();
    document.querySelectorAll('time').forEach(paintTime);
    observeCharts();
  }

  function notice() {
    const known = root()?.dataset.asOf ?? null;
    if (known !== asOf) {
      asOf = known;
      freshAt = Date.now();
    }
    if (!queued) {
      queued = true;
      requestAnimationFrame(paint);
    }
  }

  watchSocket();
  new MutationObserver(notice).observe(document, {
    subtree: true, childList: true, attributeFilter: ['datetime', 'data-as-of', 'data-paused', 'data-delayed'],
  });
  setInterval(paint, 1000);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && retry());
  window.addEventListener('online', retry);
  document.addEventListener('churnboard:signed-out', signOut);
  document.addEventListener('churnboard:linked', lookForCharts);
  window.addEventListener('offline', paint);
})();
