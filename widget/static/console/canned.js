/**
 * Replies that are ready: `/` in an empty place of the field opens them, filled for this customer, to be changed before they leave.
 * @module
 */

import { fill, h } from '../shared/dom.js';
import { get } from './api.js';
import { words } from './words.js';

const SOON_MS = 120;
const SLASH = /(^|\s)\/([^\s/]{0,40})$/;

/** @typedef {{name: string, title: string, text: string}} Ready */

export class Canned extends HTMLElement {
  /** @param {HTMLTextAreaElement} target @param {() => string} conversation @param {() => void} changed */
  constructor(target, conversation, changed) {
    super();
    this.target = target;
    this.conversation = conversation;
    this.changed = changed;
    /** @type {Ready[]} */
    this.items = [];
    this.at = 0;
    this.hidden = true;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  connectedCallback() {
    if (this.list) return;
    this.list = h('ul', { id: 'canned', role: 'listbox', 'aria-label': words.canned });
    this.preview = h('p', { class: 'preview', dir: 'auto', 'aria-live': 'polite' });
    this.replaceChildren(this.list, this.preview);
    const { target } = this;
    target.setAttribute('aria-autocomplete', 'list');
    target.addEventListener('input', () => this.#look());
    target.addEventListener('keydown', (event) => this.#key(event), { capture: true });
    target.addEventListener('blur', () => setTimeout(() => document.activeElement !== target && this.close(), 150));
  }

  close() {
    this.hidden = true;
    this.target.removeAttribute('aria-activedescendant');
    this.target.removeAttribute('aria-controls');
  }

  #typed() {
    const { value, selectionStart } = this.target;
    return SLASH.exec(value.slice(0, selectionStart));
  }

  #look() {
    clearTimeout(this.timer);
    const found = this.#typed();
    if (!found) return this.close();
    this.timer = setTimeout(() => this.#ask(found[2]), SOON_MS);
  }

  /** @param {string} word */
  async #ask(word) {
    const c = this.conversation();
    const found = await get(`/conversations/${c}/canned?limit=30&q=${encodeURIComponent(word)}`).catch(() => null);
    if (!found || c !== this.conversation() || this.#typed()?.[2] !== word) return;
    this.items = found.items;
    this.at = 0;
    this.hidden = false;
    this.#draw();
  }

  #draw() {
    const { list, preview, items, at, target } = this;
    if (!list || !preview) return;
    fill(list, ...items.map((one, i) => {
      const take = (/** @type {Event} */ event) => {
        event.preventDefault();
        this.#take(i);
      };
      return h('li', { id: `canned${i}`, role: 'option', 'aria-selected': String(i === at), onpointerdown: take }, h('b', {}, one.title), h('code', {}, `/${one.name}`));
    }));
    preview.textContent = items[at]?.text ?? words.noCanned;
    list.hidden = !items.length;
    target.setAttribute('aria-controls', 'canned');
    if (items.length) target.setAttribute('aria-activedescendant', `canned${at}`);
    else target.removeAttribute('aria-activedescendant');
    list.children[at]?.scrollIntoView({ block: 'nearest' });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.hidden || event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.items.length) {
      this.at = (this.at + step + this.items.length) % this.items.length;
      this.#draw();
    } else if ((event.key === 'Enter' || event.key === 'Tab') && this.items.length) this.#take(this.at);
    else if (event.key === 'Escape') this.close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** @param {number} i */
  #take(i) {
    const { target } = this;
    const found = this.#typed();
    const text = this.items[i]?.text ?? '';
    if (!found) return;
    const end = target.selectionStart;
    target.setRangeText(text, end - found[2].length - 1, end, 'end');
    this.close();
    this.changed();
    target.focus();
  }

  /** Open as if `/` had been typed. */
  open() {
    const { target } = this;
    target.focus();
    target.setRangeText(/(^|\s)$/.test(target.value.slice(0, target.selectionStart)) ? '/' : ' /', target.selectionStart, target.selectionEnd, 'end');
    this.changed();
    this.#ask('');
  }
}

customElements.define('fd-canned', Canned);
