// What charts need in the browser: zooming by keys, knowing whether one is zoomed, and out of it again. Zooming by dragging
// is plotly.js's own.
(() => {
  'use strict';

  const plotOf = (element) => element.closest?.('.chart')?.querySelector('.plot');

  // Told after every drawing: only a zoom fixes what an axis that may be zoomed otherwise finds out by itself.
  function drawn(id) {
    const plot = document.getElementById(id);
    const axis = plot?.layout?.xaxis;
    const zoomed = axis?.fixedrange === false && axis.autorange === false;
    plot?.toggleAttribute('data-zoomed', zoomed);
    if (plot && !zoomed) plot.whole = ends(plot._fullLayout.xaxis);
  }

  const ends = (axis) => axis.range.map((each) => axis.r2l(each));

  async function show(plot, change) {
    const { Plotly } = await import('nicegui-plotly');
    await Plotly.relayout(plot, change);
  }

  async function onClick(event) {
    const button = event.target.closest?.('[data-reset-zoom]');
    if (!button) return;
    await show(plotOf(button), { 'xaxis.autorange': true });
    button.parentElement.querySelector('.chart-toggle').focus(); // the button goes: the focus stays beside it
  }

  // --- by keys: closer to the middle and away from it, and along what is zoomed

  const CLOSER = 0.5; // of what is shown
  const STEP = 0.25;

  function onKey(event) {
    const chart = document.querySelector('.chart:focus-within') ?? document.querySelector('.chart:hover');
    const plot = chart?.querySelector('.chart-frame:not(.hidden) .plot');
    const axis = plot?._fullLayout?.xaxis;
    if (!axis || axis.fixedrange || event.target.closest?.('.chart-table') || !window.isSingleKey(event)) return;
    const [first, last] = ends(axis);
    const width = last - first;
    const zoomed = 'zoomed' in plot.dataset;
    const along = zoomed && chart.matches(':focus-within') && { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (event.key === '+') zoomTo(plot, axis, first + (width * CLOSER) / 2, last - (width * CLOSER) / 2);
    else if (event.key === '-' && zoomed) zoomTo(plot, axis, first - width / 2, last + width / 2);
    else if (along) zoomTo(plot, axis, first + along * width, last + along * width);
    else return;
    event.preventDefault();
  }

  function zoomTo(plot, axis, first, last) {
    const [from, to] = plot.whole ?? ends(axis);
    if (last - first > 0.99 * (to - from)) return show(plot, { 'xaxis.autorange': true });
    const back = Math.max(0, from - first) - Math.max(0, last - to); // not past either end
    return show(plot, { 'xaxis.range': [first + back, last + back].map((each) => axis.l2r(each)) });
  }

  // A finger scrolls the page, and a tap asks for the values: plotly.js would take every touch for a zoom.
  function onTouch(event) {
    if (event.target.closest?.('.plot')) event.stopPropagation();
  }

  window.churnboardCharts = { drawn };
  document.addEventListener('click', onClick);
  document.addEventListener('keydown', onKey);
  document.addEventListener('touchstart', onTouch, { capture: true, passive: true });
})();
