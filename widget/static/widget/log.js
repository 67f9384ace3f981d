/**
 * What this browser knows of a customer's log: the session, the entries up to a cursor, and what waits to be sent.
 * @module
 */

import { Outbox, recall, remember } from '../shared/outbox.js';

const KEPT = 80;
const OLDEST = 200;

export class CustomerLog {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
    const kept = recall(key) ?? {};
    this.token = String(kept.token ?? '');
    this.me = String(kept.me ?? '');
    this.epoch = String(kept.epoch ?? '');
    this.cursor = Number(kept.cursor ?? 0);
    /** How far the customer has read, and how far an agent has. */
    this.read = Number(kept.read ?? 0);
    this.agentRead = Number(kept.agentRead ?? 0);
    /** @type {Ev[]} */
    this.entries = kept.entries ?? [];
    /** @type {Outbox<Pending>} */
    this.outbox = new Outbox(`${key} out `);
    /** @type {Pending[]} confirmed by the hub, but not yet seen in the log */
    this.confirmed = [];
  }

  /**
   * A greeting from the hub. When it does not go on where we stopped, what we had is dropped: it belongs to another log.
   * @param {Welcome} welcome
   */
  welcome(welcome) {
    if (!welcome.resumed || welcome.me !== this.me || welcome.epoch !== this.epoch) {
      const gone = welcome.epoch !== this.epoch || welcome.me !== this.me;
      this.entries = [];
      this.cursor = welcome.from - 1;
      if (gone) this.read = this.agentRead = 0;
    }
    this.me = welcome.me;
    this.epoch = welcome.epoch;
    this.read = Math.max(this.read, welcome.read ?? 0);
    this.agentRead = Math.max(this.agentRead, welcome.seen ?? 0);
    this.save();
  }

  /**
   * Take the next entry, and only the next one: an older one was seen, a later one means that something is missing.
   * @param {Ev} ev
   * @returns {'new' | 'old' | 'gap'}
   */
  apply(ev) {
    if (ev.s <= this.cursor) return 'old';
    if (ev.s > this.cursor + 1) return 'gap';
    this.cursor = ev.s;
    if (this.entries.length >= OLDEST) this.entries.shift();
    this.entries.push(ev);
    if (ev.id) {
      this.outbox.drop(ev.id);
      this.confirmed = this.confirmed.filter((one) => one.id !== ev.id);
    }
    if (ev.by.kind === 'customer') this.read = ev.s;
    if (ev.by.kind === 'agent') this.agentRead = ev.s;
    this.save();
    return 'new';
  }

  /** @param {string} id the hub has this safely; it shows until its entry comes */
  confirm(id) {
    const item = this.outbox.all().find((one) => one.id === id);
    if (item && !this.entries.some((ev) => ev.id === id)) this.confirmed.push(item);
    this.outbox.drop(id);
  }

  /** @param {Ev[]} older entries from before the first one */
  prepend(older) {
    const first = this.entries[0]?.s ?? this.cursor + 1;
    this.entries.unshift(...older.filter((ev) => ev.s < first));
  }

  /** How many entries by others came after the last one read. */
  get unread() {
    return this.entries.filter((ev) => ev.s > this.read && ev.k === 'message' && ev.by.kind !== 'customer').length;
  }

  /** Everything was read. */
  markRead() {
    if (this.read >= this.cursor) return false;
    this.read = this.cursor;
    this.save();
    return true;
  }

  /** Old sessions stay behind with their entries; what waits to be sent goes on with the new one. */
  renew(/** @type {{token: string, customer: string, epoch: string}} */ session) {
    this.token = session.token;
    if (session.customer !== this.me) {
      this.me = session.customer;
      this.entries = [];
      this.cursor = this.read = this.agentRead = 0;
      this.epoch = '';
    }
    this.save();
  }

  save() {
    const { token, me, epoch, cursor, read, agentRead } = this;
    const entries = this.entries.slice(-KEPT);
    return remember(this.key, { token, me, epoch, cursor, read, agentRead, entries }) || remember(this.key, { token, me, read });
  }

  /** Another tab has a new session: take it over. */
  again() {
    const { token, me } = recall(this.key) ?? {};
    if (token) this.renew({ token, customer: me, epoch: '' });
  }
}

/** @param {string} key */
export function recallDraft(key) {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

/** @param {string} key @param {string} text */
export function keepDraft(key, text) {
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // Without storage a draft lives as long as its page.
  }
}
