/**
 * A list of rows of one height, of which only those near the eye are in the page: ten thousand cost what fifty do.
 * @module
 */

import { follow } from '../shared/dom.js';

const AROUND = 8;

/** @template T */
export class Rows {
  /**
   * @param {HTMLElement} scroll what scrolls
   * @param {HTMLElement} list holds the rows
   * @param {number} height of each, in pixels, as the style sheet has it
   * @param {{key: (item: T) => string, stamp: (item: T) => string, make: (item: T) => HTMLElement}} how
   */
  constructor(scroll, list, height, how) {
    this.scroll = scroll;
    this.list = list;
    this.height = height;
    this.how = how;
    /** @type {T[]} */
    this.items = [];
    /** @type {Map<T, string>} stamps of rows that were near the eye since they were shown last: scrolling changes none */
    this.stamps = new Map();
    this.first = -1;
    this.last = -1;
    this.frame = 0;
    scroll.addEventListener('scroll', () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#soon()).observe(scroll);
  }

  /** @param {T[]} items */
  show(items) {
    this.items = items;
    this.stamps.clear();
    this.#draw(true);
  }

  #soon() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.#draw(false);
    });
  }

  /** @param {boolean} changed whether the rows themselves may be others than before */
  #draw(changed) {
    const { scroll, list, height, items } = this;
    const top = scroll.scrollTop - list.offsetTop;
    const first = Math.max(0, Math.min(Math.floor(top / height) - AROUND, items.length - 1));
    const last = Math.min(items.length, Math.ceil((top + (scroll.clientHeight || 800)) / height) + AROUND);
    if (!changed && first === this.first && last === this.last) return;
    this.first = first;
    this.last = last;
    list.style.paddingBlock = `${first * height}px ${Math.max(0, items.length - last) * height}px`;
    const { key, stamp, make } = this.how;
    const size = String(items.length);
    const places = new Map(items.slice(first, last).map((item, i) => [key(item), String(first + i + 1)]));
    const stamped = (/** @type {T} */ item) => {
      const known = this.stamps.get(item) ?? stamp(item);
      this.stamps.set(item, known);
      return known;
    };
    follow(list, items.slice(first, last), key, stamped, make);
    for (const node of list.children) {
      const place = places.get(node.getAttribute('data-key') ?? '') ?? '';
      if (node.getAttribute('aria-posinset') !== place) node.setAttribute('aria-posinset', place);
      if (node.getAttribute('aria-setsize') !== size) node.setAttribute('aria-setsize', size);
    }
  }

  /** Bring a row into sight. @param {number} index */
  reveal(index) {
    const { scroll, list, height } = this;
    const top = list.offsetTop + index * height;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    else if (top + height > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + height - scroll.clientHeight;
    this.#draw(false);
  }
}
