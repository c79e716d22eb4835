// Copying, with a word of how it went on the button and for whoever listens.
(() => {
  'use strict';

  // `words` are announced in `status`. A button that is gone meanwhile is left alone.
  window.copyFrom = async (button, text, { words, status }) => {
    const done = await put(text);
    button.textContent = done ? 'Copied' : 'Not copied';
    status.textContent = done ? words : 'Your browser did not allow it: select the text and copy it.';
    setTimeout(() => (button.textContent = 'Copy'), 2000);
  };

  async function put(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return putBySelection(text); // no clipboard without TLS
    }
  }

  function putBySelection(text) {
    const before = document.activeElement;
    const area = document.createElement('textarea');
    area.value = text;
    area.style.cssText = 'position:fixed;opacity:0';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    before?.focus();
    return done;
  }
})();
