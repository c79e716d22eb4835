// While the socket stays away: the numbers come by REST, and stand in place of the page's until it takes over again.
(() => {
  'use strict';

  const NBSP = '\u00a0';
  const ARROWS = { increasing: '↑', stable: '→', decreasing: '↓' };
  const WORDS = { increasing: 'Increasing', stable: 'Stable', decreasing: 'Decreasing' };
  const MISSING = '–';
  const MEANS = ['percent', 'fraction'];

  const polling = window.churnboardPolling;
  polling.poller = true;
  let due = 0;
  let etag = '';
  let asking = false;
  const written = new Map(); // text nodes, each with the page's own text: the page knows nothing of ours

  const root = () => document.querySelector('[data-connection]');
  // As text, since a binary fraction is not the decimal that was sent: the server rounds that, half to even.
  const decimals = (text, digits) => {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: 'halfEven' };
    const [point, comma] = root().dataset.numbers; // with the reader's signs in place of those of English
    return new Intl.NumberFormat('en-US', options).format(text).replace(/[.,]/g, (sign) => (sign === '.' ? point : comma));
  };
  const FORMATS = {
    count: (number) => decimals(`${number}`, 0),
    percent: (number) => `${decimals(`${number}`, 1)}${NBSP}%`,
    fraction: (number) => `${decimals(`${number}e2`, 1)}${NBSP}%`,
  };

  function write(element, text) {
    const node = element?.firstChild;
    if (!node) return;
    if (!written.has(node)) written.set(node, node.nodeValue);
    node.nodeValue = text;
  }

  function show({ metrics, trends }) {
    document.querySelectorAll('[data-value]').forEach((element) => {
      const { value, kind } = element.dataset;
      const nothing = MEANS.includes(kind) && metrics.total_predictions === 0;
      write(element, nothing ? MISSING : FORMATS[kind](metrics[value]));
    });
    document.querySelectorAll('[data-trend]').forEach((element) => {
      const trend = trends[element.dataset.trend];
      write(element.querySelector('.trend-arrow'), ARROWS[trend]);
      write(element.querySelector('.trend-word'), WORDS[trend]);
      const good = (trend === 'increasing') === (element.dataset.rising === 'good');
      element.dataset.tone = trend === 'stable' ? 'neutral' : good ? 'good' : 'bad';
    });
  }

  // Before the page's own updates are taken in, so that nothing older is ever painted in between.
  function giveBack() {
    written.forEach((own, node) => (node.nodeValue = own));
    written.clear();
    document.querySelectorAll('[data-tone]').forEach((element) => delete element.dataset.tone);
    etag = '';
    polling.failed = false;
  }

  async function poll() {
    asking = true;
    due = Date.now() + Math.max(1000, 1000 * Number(root().dataset.interval));
    try {
      const answer = await fetch(`/api/live-data${root().dataset.query ?? ''}`, {
        cache: 'no-store', credentials: 'same-origin', headers: etag ? { 'If-None-Match': etag } : {},
        signal: AbortSignal.timeout(8000),
      });
      await take(answer);
    } catch {
      polling.failed = true; // not reachable this way either: the next turn tries again
    } finally {
      asking = false;
    }
  }

  async function take(answer) {
    if (answer.status === 401) return document.dispatchEvent(new Event('churnboard:signed-out'));
    const wait = Number(answer.headers.get('Retry-After'));
    if (wait) due = Math.max(due, Date.now() + 1000 * wait);
    const known = answer.status === 304;
    if (!known && !answer.ok) throw new Error(`status ${answer.status}`);
    const board = known ? null : (await answer.json()).data;
    if (!polling.wanted) return; // the page itself was quicker
    if (board) show(board);
    if (board) etag = answer.headers.get('ETag') ?? '';
    polling.asOf = board?.timestamp ?? new Date(answer.headers.get('Date')).toISOString();
    polling.at = Date.now();
    polling.failed = false;
  }

  function turn() {
    const held = root()?.dataset.paused || document.visibilityState !== 'visible' || navigator.onLine === false;
    if (polling.wanted && !held && !asking && Date.now() >= due) poll();
  }

  function watch() {
    if (!window.socket) return setTimeout(watch, 100);
    window.socket.prependAny((event) => written.size && event === 'update' && giveBack());
  }

  watch();
  setInterval(turn, 500);
})();
