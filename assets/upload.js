// Sends files to the server and shows how far they are: their bytes never pass through the page's own socket.
// Names and messages only ever become text. The server learns an upload's id by the event "arrived", once all is there.
(() => {
  'use strict';

  const LOST = 'The connection was lost before the file had arrived. Nothing was taken in.';
  const LEFT = 'The page was loaded anew before this file had arrived. Nothing was taken in: choose it again.';
  const FOLDER = 'This is a folder. Open it and drop the files that are in it.';
  const CHANGED = 'The file could not be read: it was changed, moved or closed meanwhile. Choose it again.';
  const OVER_ENDS = 400; // milliseconds: a browser repeats "dragover" more often than that
  const CARD_COMES = 15_000;

  const queue = [];
  const unsent = new Set(); // those that will be missed should the page go
  const arrived = new Map(); // transfers whose card the server is about to show, by upload id
  let sending = null;
  let overTimer = 0;

  const zone = () => document.querySelector('[data-drop]');
  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  function make(tag, className, text = '') {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
  }

  function button(text, kind, act) {
    const element = make('button', `button ${kind}`, text);
    element.type = 'button';
    element.addEventListener('click', act);
    return element;
  }

  // --- one file on its way

  class Transfer {
    constructor(file) {
      this.file = file;
      this.startedAt = 0;
      this.name = make('span', 'transfer-name', file.name);
      this.detail = make('span', 'transfer-detail', 'Waiting');
      this.bar = make('progress', 'bar');
      this.bar.max = 1;
      this.bar.value = 0;
      this.bar.setAttribute('aria-label', `Sending ${file.name}`);
      this.error = make('p', 'transfer-error');
      this.error.setAttribute('role', 'alert');
      this.again = button('Try again', '', () => this.retry());
      this.cancel = button('Cancel', 'button-quiet', () => this.end());
      this.row = make('div', 'transfer');
      this.row.dataset.home = this.cancel.dataset.homeFocus = ''; // see assets/focus.js
      const words = make('div', 'transfer-words');
      words.append(this.name, this.detail);
      const actions = make('div', 'transfer-actions');
      actions.append(this.again, this.cancel);
      this.row.append(words, actions, this.bar, this.error);
      this.show('waiting');
    }

    show(state, message = '', { again = false } = {}) {
      this.row.dataset.state = state;
      this.bar.hidden = state === 'failed';
      this.again.hidden = !again;
      this.cancel.hidden = state === 'arrived';
      write(this.cancel, state === 'failed' ? 'Remove' : 'Cancel');
      this.cancel.setAttribute('aria-label', `${this.cancel.textContent} ${this.file.name}`);
      write(this.error, message);
      if (state === 'failed') write(this.detail, '');
      if (state === 'waiting' || state === 'sending' || again) unsent.add(this);
      else unsent.delete(this);
    }

    send() {
      this.show('sending');
      this.startedAt = Date.now();
      this.progress(0);
      const request = new XMLHttpRequest();
      this.request = request;
      request.open('POST', `/api/uploads?preview=true&name=${encodeURIComponent(this.file.name)}`);
      request.setRequestHeader('Content-Type', 'application/octet-stream');
      request.upload.addEventListener('progress', (event) => this.progress(event.loaded));
      request.addEventListener('load', () => this.answered());
      request.addEventListener('error', () => this.lost());
      request.addEventListener('abort', next);
      request.send(this.file);
    }

    progress(loaded) {
      const all = this.file.size;
      this.bar.value = all ? loaded / all : 1;
      if (all && loaded >= all) {
        this.bar.removeAttribute('value');
        return write(this.detail, 'Reading the first rows');
      }
      const seconds = (Date.now() - this.startedAt) / 1000;
      const left = seconds > 2 && loaded ? (seconds / loaded) * (all - loaded) : 0;
      write(this.detail, `${size(loaded)} of ${size(all)}${left > 3 ? `, ${duration(left)} left` : ''}`);
    }

    answered() {
      const { status } = this.request;
      const answer = parsed(this.request.responseText);
      const id = answer?.data?.id;
      if (status === 401) return leave();
      if (status < 300 && typeof id === 'string') return this.arrive(id);
      const words = answer?.error?.message;
      const told = typeof words === 'string' ? words : `The server answered with an error (${status}). Try again in a moment.`;
      this.fail(told, { again: status >= 500 || status === 429 });
    }

    arrive(id) {
      this.show('arrived');
      write(this.detail, 'Reading the first rows');
      arrived.set(id, this);
      zone().dispatchEvent(new CustomEvent('arrived', { detail: id }));
      setTimeout(() => arrived.get(id) === this && this.settle(id), CARD_COMES);
      next();
    }

    // The card is there, or will not come: this row has done its work.
    settle(id) {
      arrived.delete(id);
      const seen = isInSight();
      this.row.remove();
      const card = [...document.querySelectorAll('[data-upload]')].find((each) => each.dataset.upload === id);
      if (card && seen && window.focusHome(card, { from: zone() })) card.scrollIntoView({ block: 'nearest' });
    }

    // The browser says the same for a dead link and for a file that can no longer be read.
    async lost() {
      try {
        await this.file.slice(0, 1).arrayBuffer();
        this.fail(LOST, { again: true });
      } catch {
        this.fail(CHANGED);
      }
    }

    fail(message, options) {
      this.show('failed', message, options);
      next();
    }

    retry() {
      queue.push(this);
      this.show('waiting');
      write(this.detail, 'Waiting');
      if (!sending) next();
    }

    end() {
      unsent.delete(this);
      if (queue.includes(this)) queue.splice(queue.indexOf(this), 1);
      this.row.remove();
      if (sending === this) this.request.abort();
    }
  }

  // Signed out: to the sign-in, and back here.
  function leave() {
    sending = null;
    location.reload();
  }

  function next() {
    sending = queue.shift() ?? null;
    sending?.send();
  }

  function add(file, problem = '') {
    const transfer = new Transfer(file);
    document.querySelector('[data-transfers]').append(transfer.row);
    if (problem) return transfer.show('failed', problem);
    queue.push(transfer);
    if (!sending) next();
  }

  function parsed(text) {
    try {
      return JSON.parse(text);
    } catch {
      return null; // a proxy's own page
    }
  }

  function size(bytes) {
    if (bytes < 1_000) return `${bytes} bytes`;
    const power = Math.min(Math.floor(Math.log10(bytes) / 3), 4);
    const [decimal] = document.querySelector('[data-signs]').dataset.signs; // as the server writes it
    return `${(bytes / 1000 ** power).toFixed(1).replace('.', decimal)} ${['', 'KB', 'MB', 'GB', 'TB'][power]}`;
  }

  function duration(seconds) {
    return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
  }

  // --- how files get here

  const holdsFiles = (event) => Boolean(zone() && event.dataTransfer?.types.includes('Files'));

  function onDragOver(event) {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // or the browser leaves the page to show the file
    event.dataTransfer.dropEffect = 'copy';
    zone().dataset.over = 'true';
    clearTimeout(overTimer);
    overTimer = setTimeout(() => delete zone()?.dataset.over, OVER_ENDS);
  }

  function onDrop(event) {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    clearTimeout(overTimer);
    delete zone().dataset.over;
    for (const item of event.dataTransfer.items) {
      if (item.kind !== 'file') continue;
      const folder = item.webkitGetAsEntry?.()?.isDirectory;
      add(item.getAsFile(), folder ? FOLDER : '');
    }
  }

  function onChange(event) {
    if (!event.target.matches?.('[data-files]')) return;
    [...event.target.files].forEach((file) => add(file));
    event.target.value = ''; // the same file may be chosen again
  }

  // --- a page that is loaded anew cannot send what was chosen before: it says so

  function keepNames() {
    sessionStorage.churnboardUnsent = JSON.stringify([...unsent].map(({ file }) => file.name));
  }

  function recallNames() {
    const names = parsed(sessionStorage.churnboardUnsent ?? '[]');
    delete sessionStorage.churnboardUnsent;
    names.forEach((name) => add({ name, size: 0 }, LEFT));
  }

  // Who has scrolled away from it looks at something else.
  function isInSight() {
    const { top, bottom } = zone().getBoundingClientRect();
    return bottom > 0 && top < window.innerHeight;
  }

  function onChangedPage() {
    if (zone() && 'churnboardUnsent' in sessionStorage) recallNames();
    for (const { dataset } of document.querySelectorAll('[data-upload]')) arrived.get(dataset.upload)?.settle(dataset.upload);
  }

  document.addEventListener('dragover', onDragOver);
  document.addEventListener('drop', onDrop);
  document.addEventListener('change', onChange);
  new MutationObserver(onChangedPage).observe(document, { subtree: true, childList: true });
  window.addEventListener('pagehide', keepNames);
  window.addEventListener('beforeunload', (event) => sending && event.preventDefault());
})();
