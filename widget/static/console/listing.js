/**
 * The list of conversations as one view shows it: loaded page by page, and again when something has happened.
 * @module
 */

import { Failure, get } from './api.js';
import { EVERYTHING } from './filters.js';
import { words } from './words.js';

const PAGE = 100;
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
    this.only = EVERYTHING;
    /** @type {Row[]} */
    this.rows = [];
    /** @type {string | null} */
    this.next = null;
    this.counts = { mine: 0, unassigned: 0, all: 0, snoozed: 0 };
    this.loaded = false;
    /** @type {Set<string>} conversations in which something happened since the last answer: where they belong, only the hub knows */
    this.touched = new Set();
    this.refreshAt = 0;
    this.timer = 0;
  }

  /** @param {string} what */
  tell(what) {
    this.dispatchEvent(new Event(what));
  }

  /** @param {string} text a sentence for the agent */
  note(text) {
    this.dispatchEvent(new CustomEvent('note', { detail: text }));
  }

  /** @param {unknown} error a call that went wrong, in words */
  complain(error) {
    const failure = error instanceof Failure ? error : new Failure(0, 'failed', String(error));
    const text = failure.status === 0 ? words.unreachable : words[`error.${failure.code}`] ?? (failure.message || words.failed);
    this.note(text);
  }

  get #asked() {
    return JSON.stringify([this.view, this.query, this.only]);
  }

  /** @param {View} view @param {string} query @param {import('./filters.js').Only} [only] */
  async load(view, query, only = this.only) {
    const before = this.#asked;
    Object.assign(this, { view, query, only });
    if (before !== this.#asked) {
      this.rows = [];
      this.next = null;
      this.loaded = false;
    }
    this.tell('list');
    await this.#list();
  }

  /** The list to begin with: one's own conversations or, without any, all. What the agent asks for meanwhile stays. */
  async begin() {
    await this.load('mine', '');
    if (this.view === 'mine' && !this.counts.mine) await this.load('all', this.query);
  }

  /** @param {import('./filters.js').Only} only */
  narrow(only) {
    return this.load(this.view, this.query, only);
  }

  /** @param {string} [cursor] */
  #ask(cursor) {
    const { channel, team, tag, priority } = this.only;
    const wanted = new URLSearchParams({
      view: this.view, limit: String(PAGE), ...(this.query && { q: this.query }), ...(channel && { channel }), ...(team && { team }),
      ...(tag && { tag }), ...(priority !== null && { priority: String(priority) }), ...(cursor && { cursor }),
    });
    return get(`/conversations?${wanted}`);
  }

  async #list() {
    const asked = this.#asked;
    const { touched } = this;
    this.touched = new Set();
    try {
      const found = await this.#ask();
      if (asked !== this.#asked) return;
      this.#merge(found.items, found.next, touched);
      this.counts = found.counts;
      this.loaded = true;
      this.tell('list');
    } catch (error) {
      for (const id of touched) this.touched.add(id);
      if (!this.loaded) this.complain(error);
    }
  }

  /** The newest page in the place of what was there; what lies further down stays, unless something has happened to it.
   * @param {Row[]} fresh @param {string | null} next @param {Set<string>} touched */
  #merge(fresh, next, touched) {
    const last = fresh.at(-1);
    const known = new Set(fresh.map((row) => row.id));
    const below = next && last ? this.rows.filter((row) => !known.has(row.id) && !touched.has(row.id) && row.last_at <= last.last_at) : [];
    this.rows = [...fresh, ...below];
    if (!below.length) this.next = next;
  }

  /** The next page, when the list was scrolled near its end. */
  async more() {
    const { next } = this;
    const asked = this.#asked;
    if (!next) return;
    this.next = null;
    const found = await this.#ask(next).catch(() => null);
    if (asked !== this.#asked) return;
    if (!found) {
      this.next = next;
      return;
    }
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
      this.#list();
    }, ms);
  }
}
