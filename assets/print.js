// Printing: with every chart, also those that were never near the screen and are not drawn yet. A browser that prints by its
// own menu does not wait for them: then assets/print.css says on paper what is missing.
(() => {
  'use strict';

  const LONGEST = 20_000;
  const LOOK_EVERY = 100;
  const AWAY = ['reconnecting', 'polling', 'offline', 'signed-out']; // states of the connection in which none will come
  let waiting = false;

  const charts = () => [...document.querySelectorAll('[data-lazy]')].filter((frame) => frame.checkVisibility?.() ?? true);
  const missing = () => charts().filter((frame) => !frame.querySelector('.main-svg'));
  const isAway = () => AWAY.includes(document.documentElement.dataset.link);

  // As assets/live.js does when one comes near.
  function ask() {
    const near = () => new CustomEvent('near', { bubbles: true });
    charts().filter((frame) => !frame.firstElementChild).forEach((frame) => frame.dispatchEvent(near()));
  }

  const drawn = () => new Promise((done) => {
    const until = Date.now() + LONGEST;
    const look = () => (missing().length && !isAway() && Date.now() < until ? setTimeout(look, LOOK_EVERY) : done());
    look();
  });

  function say(words) {
    const note = document.querySelector('.print-note') ?? document.createElement('p');
    if (!note.isConnected) {
      note.className = 'print-note';
      note.setAttribute('role', 'status');
      document.body.append(note);
    }
    note.textContent = words;
  }

  async function print() {
    if (waiting) return;
    waiting = true;
    ask();
    if (missing().length) say('Drawing the charts…');
    await drawn();
    say('');
    waiting = false;
    window.print();
  }

  function onKey(event) {
    const isPrint = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'p';
    if (!isPrint || !missing().length) return;
    event.preventDefault();
    print();
  }

  document.addEventListener('churnboard:print', print);
  document.addEventListener('keydown', onKey);
  window.addEventListener('beforeprint', ask); // too late for this time; the next time they are there
})();
