// What charts need in the browser: knowing whether one is zoomed, and out of it again. Zooming is plotly.js's own.
(() => {
  'use strict';

  const plotOf = (element) => element.closest?.('.chart')?.querySelector('.plot');

  // Told after every drawing: only a zoom fixes what an axis that may be zoomed otherwise finds out by itself.
  function drawn(id) {
    const plot = document.getElementById(id);
    const axis = plot?.layout?.xaxis;
    plot?.toggleAttribute('data-zoomed', axis?.fixedrange === false && axis.autorange === false);
  }

  async function onClick(event) {
    const button = event.target.closest?.('[data-reset-zoom]');
    if (!button) return;
    const { Plotly } = await import('nicegui-plotly');
    await Plotly.relayout(plotOf(button), { 'xaxis.autorange': true });
    button.parentElement.querySelector('.chart-toggle').focus(); // the button goes: the focus stays beside it
  }

  // A finger scrolls the page, and a tap asks for the values: plotly.js would take every touch for a zoom.
  function onTouch(event) {
    if (event.target.closest?.('.plot')) event.stopPropagation();
  }

  window.churnboardCharts = { drawn };
  document.addEventListener('click', onClick);
  document.addEventListener('touchstart', onTouch, { capture: true, passive: true });
})();
