// How many alerts are below what is seen of their list: the room for them is kept, so that none that starts moves the page.
(() => {
  'use strict';

  const CUT = 4; // pixels that nobody misses
  let queued = false;

  function wordsFor(list) {
    const edge = list.getBoundingClientRect().bottom;
    const below = [...list.children].map((each) => each.getBoundingClientRect()).filter(({ bottom }) => bottom > edge + CUT);
    const unseen = below.filter(({ top, bottom }) => (top + bottom) / 2 > edge).length;
    if (unseen) return `${unseen} more ↓`;
    return below.length ? 'more ↓' : '';
  }

  function paint() {
    queued = false;
    document.querySelectorAll('.alert-rows').forEach((list) => {
      const panel = list.closest('.panel');
      const words = wordsFor(list);
      if ((panel.dataset.more ?? '') === words) return;
      if (words) panel.dataset.more = words;
      else delete panel.dataset.more;
    });
  }

  function notice() {
    if (queued) return;
    queued = true;
    requestAnimationFrame(paint);
  }

  new MutationObserver(notice).observe(document, { subtree: true, childList: true, characterData: true });
  document.addEventListener('scroll', ({ target }) => target.matches?.('.alert-rows') && notice(), true);
  window.addEventListener('resize', notice);
})();
