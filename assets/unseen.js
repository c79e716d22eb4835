// Critical alerts that began since the board was last looked at: their number in the title, and a dot on the tab's icon.
//
// Which are active is said by the board; which were seen is kept in this browser, for each account, so that all tabs agree.
(() => {
  'use strict';

  const SIZE = 32;
  const DOT = '#a50026';
  let title = null; // as the page itself has it
  let icon = null; // as it is without a dot
  let dotted = null; // the icon with one, once it was needed
  let painted = 0;

  const account = () => document.querySelector('[data-account]')?.dataset.account;
  const key = () => `churnboard alerts ${account()}`;
  const board = () => document.querySelector('[data-critical]');

  function read() {
    try {
      return { active: [], seen: [], ...JSON.parse(localStorage[key()] ?? '{}') };
    } catch {
      return { active: [], seen: [] }; // nothing may be kept in this browser, or something else was
    }
  }

  function write(known) {
    const text = JSON.stringify(known);
    try {
      if (localStorage[key()] !== text) localStorage[key()] = text;
    } catch {
      // then it holds for this page only, which shows what it is told
    }
  }

  function look() {
    if (!account()) return;
    const known = read();
    const told = board()?.dataset.critical;
    if (told !== undefined) {
      known.active = told.split(' ').filter(Boolean);
      known.seen = known.seen.filter((id) => known.active.includes(id));
      if (document.visibilityState === 'visible') known.seen = known.active;
      write(known);
    }
    paint(known.active.filter((id) => !known.seen.includes(id)).length);
  }

  function paint(count) {
    if (count === painted) return;
    painted = count;
    title ??= document.title;
    document.title = count ? `(${count}) ${title}` : title;
    const link = document.querySelector('link[rel~="icon"]');
    if (!link) return;
    icon ??= link.href;
    if (count && !dotted) draw(link);
    else link.href = count ? dotted : icon;
  }

  function draw(link) {
    const image = new Image(SIZE, SIZE);
    image.addEventListener('load', () => {
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = SIZE;
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0, SIZE, SIZE);
      context.beginPath();
      context.arc(SIZE - 9, 9, 8, 0, 2 * Math.PI);
      context.fillStyle = DOT;
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = '#fff';
      context.stroke();
      dotted = canvas.toDataURL('image/png');
      if (painted) link.href = dotted;
    });
    image.src = icon;
  }

  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributeFilter: ['data-critical'] });
  document.addEventListener('visibilitychange', look);
  window.addEventListener('storage', look);
})();
