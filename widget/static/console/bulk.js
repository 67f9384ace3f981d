/**
 * Several conversations at once: which are marked, and the bar with what can be done to all of them.
 * @module
 */

import { fill, h, icon } from '../shared/dom.js';
import { askHandover, askTags, priorities, snoozes } from './asks.js';
import { bench, titled } from './bench.js';
import { ICONS } from './icons.js';
import { menu } from './menu.js';
import { sheet } from './sheets.js';
import { carry, run } from './steps.js';
import { nameOf, say, words } from './words.js';

const MOST = 100;

export class Marked extends EventTarget {
  constructor() {
    super();
    /** @type {Set<string>} */
    this.ids = new Set();
    /** Where a range begins. */
    this.anchor = '';
    /** Whether pressing a row marks it, as fingers have neither shift nor ctrl. */
    this.on = false;
  }

  #tell() {
    this.dispatchEvent(new Event('change'));
  }

  /** @param {string} id */
  toggle(id) {
    if (!this.ids.delete(id) && this.ids.size < MOST) this.ids.add(id);
    this.anchor = id;
    this.on = this.ids.size > 0 || this.on;
    this.#tell();
  }

  /** All between the last one that was marked and this one. @param {string} id @param {string[]} order */
  range(id, order) {
    const ends = [order.indexOf(this.anchor), order.indexOf(id)].sort((a, b) => a - b);
    if (ends[0] < 0) return this.toggle(id);
    for (const one of order.slice(ends[0], ends[1] + 1)) if (this.ids.size < MOST) this.ids.add(one);
    this.on = true;
    this.#tell();
  }

  begin() {
    this.on = true;
    this.#tell();
  }

  clear() {
    this.ids.clear();
    this.on = false;
    this.#tell();
  }
}

export class Bulk extends HTMLElement {
  /** @param {import('./inbox.js').Inbox} inbox */
  constructor(inbox) {
    super();
    this.inbox = inbox;
  }

  connectedCallback() {
    const { marked } = this.inbox;
    this.setAttribute('role', 'toolbar');
    this.setAttribute('aria-label', words.bulk);
    marked.addEventListener('change', () => this.#draw());
    this.#draw();
  }

  #draw() {
    const { marked } = this.inbox;
    this.hidden = !marked.on;
    if (this.hidden) return this.replaceChildren();
    const count = h('b', { role: 'status' }, say('markedCount', { n: marked.ids.size }));
    const apply = (/** @type {import('./steps.js').Step[]} */ ...steps) => this.#done((ids) => carry(ids, steps));
    const button = (/** @type {string} */ path, /** @type {string} */ label, /** @type {() => unknown} */ go) =>
      h('button', { class: 'plain', type: 'button', 'aria-label': label, title: label, disabled: !marked.ids.size, onclick: go }, icon(path, 18));
    const open = (/** @type {string} */ path, /** @type {string} */ label, /** @type {() => import('./menu.js').Choice[]} */ choices) =>
      menu(h('button', { class: 'plain', type: 'button', 'aria-label': label, title: label, disabled: !marked.ids.size }, icon(path, 18)), choices);
    fill(this, count,
      button(ICONS.done, words.resolve, () => apply({ resolve: true })),
      button(ICONS.assign, words.handOver, () => askHandover(apply, this.inbox)),
      open(ICONS.waiting, words.snooze, () => snoozes(apply, true)),
      open(ICONS.flag, words.priority, () => priorities(apply)),
      button(ICONS.tag, words.tags, () => askTags(apply, [])),
      bench.macros.length ? open(ICONS.bolt, words.macros, () => bench.macros.map((one) => ({ label: titled(one.title), run: () => void this.#done((ids) => run(ids, one.name)) }))) : null,
      h('button', { class: 'plain', type: 'button', 'aria-label': words.unmark, title: words.unmark, onclick: () => marked.clear() }, icon(ICONS.close, 18)));
  }

  /** @param {(ids: string[]) => Promise<import('./steps.js').Outcome[]>} act */
  async #done(act) {
    const { inbox } = this;
    const ids = [...inbox.marked.ids];
    const names = new Map(inbox.rows.map((row) => [row.id, nameOf(row)]));
    try {
      const outcomes = await act(await Promise.all(ids.map((c) => inbox.sender.said(c))));
      const failed = outcomes.filter((one) => !one.ok);
      inbox.refresh(300);
      if (failed.length) {
        const rows = outcomes.map((one) => h('li', { class: one.ok ? '' : 'failed' }, h('span', { dir: 'auto' }, names.get(one.conversation) ?? one.conversation), h('small', {}, one.ok ? words.ok : words[`error.${one.code}`] ?? one.code)));
        sheet(say('bulkSome', { n: outcomes.length - failed.length, of: outcomes.length }), h('ul', { class: 'outcomes' }, ...rows));
      } else inbox.note(say('bulkDone', { n: outcomes.length }));
      return true;
    } catch (error) {
      inbox.complain(error);
      return false;
    }
  }
}

customElements.define('fd-bulk', Bulk);
