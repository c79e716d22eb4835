// Draws what components/markup.py gives: a tree of [tag, attributes, children], in which all that is no list is text, and
// a tag "slot" is where the elements are drawn that it holds.
import { h, toRaw } from 'vue';

const QUIET = 350; // milliseconds after the last key until what is typed is told

function isInSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

function draw(nodes, slots) {
  return nodes.flatMap((node) => {
    if (!Array.isArray(node)) return String(node);
    const [tag, attributes, children] = node;
    return tag === 'slot' ? (slots[attributes.name]?.() ?? []) : h(tag, attributes, draw(children, slots));
  });
}

export default {
  props: { tree: Array },
  emits: ['action', 'entry'],
  render() {
    const [tag, attributes, children] = toRaw(this.tree); // to look at it needs no proxy for each of its lists
    const { act, typed, chosen, sent, reset } = this;
    const listeners = { onClick: act, onInput: typed, onChange: chosen, onSubmit: sent, onReset: reset };
    return h(tag, { ...attributes, ...listeners }, draw(children, this.$slots));
  },
  beforeUpdate() {
    this.focused = this.$el.contains(document.activeElement) ? document.activeElement : null;
    this.seen = this.focused !== null && isInSight(this.focused);
  },
  updated() {
    const { focused } = this;
    this.focused = null;
    if (!focused?.isConnected) return;
    // a browser takes the focus from whatever is moved
    if (focused !== document.activeElement) focused.focus({ preventScroll: true });
    // and lets a list that grows push its own end out of sight, if it was scrolled just before
    if (this.seen && !isInSight(focused)) focused.scrollIntoView({ block: 'nearest' });
  },
  methods: {
    focusOn(selector) {
      this.$el.querySelector(selector)?.focus();
    },
    // What was unfolded is done with: as it was at first.
    fold() {
      this.$el.querySelectorAll('form').forEach((form) => form.reset());
      this.$el.open = false;
    },
    act(event) {
      const { action, item } = event.target.closest('[data-action]')?.dataset ?? {};
      if (action !== undefined) this.$emit('action', action, item ?? '');
    },
    enter({ dataset }, value) {
      if (dataset.entry !== undefined) this.$emit('entry', dataset.entry, dataset.item ?? '', value);
    },
    typed({ target }) {
      if (!target.matches('input')) return;
      clearTimeout(target.quiet);
      target.quiet = setTimeout(() => this.enter(target, target.value), QUIET);
    },
    chosen({ target }) {
      if (target.matches('select')) this.enter(target, target.value);
    },
    sent(event) {
      if (event.target.hasAttribute('action')) return; // to the server, with or without this page's link
      event.preventDefault();
      this.enter(event.target, Object.fromEntries(new FormData(event.target)));
    },
    // What is typed is gone before the server knows; a native reset would bring back what a field began with.
    reset(event) {
      const { dataset } = event.target;
      if (dataset.reset === undefined) return;
      event.preventDefault();
      event.target.querySelectorAll('input').forEach((field) => {
        clearTimeout(field.quiet);
        field.value = '';
      });
      this.$emit('action', dataset.reset, '');
    },
  },
};
