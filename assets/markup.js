// Draws what components/markup.py gives: a tree of [tag, attributes, children], in which all that is no list is text.
import { h, toRaw } from 'vue';

const draw = (node) => (Array.isArray(node) ? h(node[0], node[1], node[2].map(draw)) : String(node));

export default {
  props: { tree: Array },
  emits: ['action'],
  render() {
    const [tag, attributes, children] = toRaw(this.tree); // to look at it needs no proxy for each of its lists
    return h(tag, { ...attributes, onClick: this.act }, children.map(draw));
  },
  beforeUpdate() {
    this.focused = this.$el.contains(document.activeElement) ? document.activeElement : null;
  },
  updated() {
    const { focused } = this;
    this.focused = null;
    // a browser takes the focus from whatever is moved
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  },
  methods: {
    act(event) {
      const { action, item } = event.target.closest('[data-action]')?.dataset ?? {};
      if (action !== undefined) this.$emit('action', action, item ?? '');
    },
  },
};
