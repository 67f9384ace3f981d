/**
 * The list of conversations as one view shows it: loaded page by page, and again when something has happened.
 * @module
 */

import { Failure, get } from './api.js';
import { words } from './words.js';

const PAGE = 40;
const SOON_MS = 200;

/** @typedef {'mine' | 'unassigned' | 'all' | 'snoozed' | 'resolved'} View */
/** @type {View[]} */
export const VIEWS = ['mine', 'unassigned', 'all', 'snoozed', 'resolved'];

export class Listing extends EventTarget {
  constructor() {
    super();
    /** @type {View} */
    this.view = 'all';
    this.query = '';
    /** @type {Row[]} */
    this.rows = [];
    /** @type {string | null} */
    this.next = null;
    this.counts = { mine: 0, unassigned: 0, all: 0, snoozed: 0 };
    this.loaded = false;
    this.refreshAt = 0;
    this.timer = 0;
  }

  /** @param {string} what */
  tell(what) {
    this.dispatchEvent(new Event(what));
  }

  /** @param {unknown} error a call that went wrong, in words */
  complain(error) {
    const failure = error instanceof Failure ? error : new Failure(0, 'failed', String(error));
    const text = failure.status === 0 ? words.unreachable : words[`error.${failure.code}`] ?? (failure.message || words.failed);
    this.dispatchEvent(new CustomEvent('note', { detail: text }));
  }

  /** @param {View} view @param {string} query */
  async load(view, query) {
    if (view !== this.view || query !== this.query) {
      this.rows = [];
      this.loaded = false;
    }
    this.view = view;
    this.query = query;
    this.tell('list');
    await this.#list(Math.max(PAGE, Math.min(100, this.rows.length)));
  }

  /** @param {number} limit @param {string} [cursor] */
  #ask(limit, cursor) {
    const wanted = new URLSearchParams({ view: this.view, limit: String(limit), ...(this.query && { q: this.query }), ...(cursor && { cursor }) });
    return get(`/conversations?${wanted}`);
  }

  /** @param {number} limit */
  async #list(limit) {
    const { view, query } = this;
    try {
      const found = await this.#ask(limit);
      if (view !== this.view || query !== this.query) return;
      this.rows = found.items;
      this.next = found.next;
      this.counts = found.counts;
      this.loaded = true;
      this.tell('list');
    } catch (error) {
      if (!this.loaded) this.complain(error);
    }
  }

  /** The next page, when the list was scrolled to its end. */
  async more() {
    const { view, query, next } = this;
    if (!next) return;
    this.next = null;
    const found = await this.#ask(PAGE, next).catch(() => null);
    if (!found || view !== this.view || query !== this.query) return;
    const known = new Set(this.rows.map((row) => row.id));
    this.rows.push(...found.items.filter((/** @type {Row} */ row) => !known.has(row.id)));
    this.next = found.next;
    this.tell('list');
  }

  /** Load the list again, once for all that happens until then. */
  refresh(ms = SOON_MS) {
    const at = Date.now() + ms;
    if (this.timer && this.refreshAt <= at) return;
    clearTimeout(this.timer);
    this.refreshAt = at;
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.#list(Math.max(PAGE, Math.min(100, this.rows.length)));
    }, ms);
  }
}
