/**
 * What this console knows: the list, the open conversation, colleagues; loaded by calls, kept fresh by the socket.
 *
 * Events on it: `list`, `thread`, `detail`, `line`, `me`, `note` (a sentence for the agent), `said` (a customer's message), `draft`.
 * @module
 */

import { newId } from '../shared/dom.js';
import { Line } from '../shared/line.js';
import { call, Failure, get, post } from './api.js';
import { loadBench } from './bench.js';
import * as beside from './beside.js';
import { Marked } from './bulk.js';
import { Colleagues } from './colleagues.js';
import { Company } from './company.js';
import { Drafts } from './drafts.js';
import { previewOf } from './entries.js';
import { Listing } from './listing.js';
import { Sender } from './sender.js';
import { carry } from './steps.js';
import { say } from './words.js';

const SOON_MS = 200;
const LATER_MS = 3000;
const VIEW_MS = 20_000;
const JUMP = 20;

export class Inbox extends Listing {
  /** @param {Agent} me */
  constructor(me) {
    super();
    this.me = me;
    this.colleagues = new Colleagues(() => this.tell('me'));
    this.epoch = '';
    this.cursor = 0;
    this.openId = '';
    /** @type {Detail | null} */
    this.detail = null;
    /** @type {Ev[]} */
    this.entries = [];
    /** @type {number | null} */
    this.older = null;
    /** How far the customer has read the open conversation, and how far their page has it. */
    this.customerRead = this.customerHas = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.counting = undefined;
    this.company = new Company();
    this.marked = new Marked();
    this.drafts = new Drafts(me.id);
    this.drafts.addEventListener('begun', () => this.tell('list'));
    this.sender = new Sender(me.id, () => this.tell('thread'), () => this.line.state === 'waiting' && this.line.restart());
    this.line = new Line({
      socket: `${location.origin.replace(/^http/, 'ws')}/console/socket`,
      hello: () => ({ t: 'hello', v: 1, since: this.cursor, epoch: this.epoch || undefined }),
      frame: (frame) => this.#take(frame),
      state: () => this.tell('line'),
      denied: () => get('/me').then(() => setTimeout(() => this.line.restart(), 3000), () => {}),
    });
  }

  async start() {
    this.line.start();
    this.sender.flush();
    setInterval(() => this.#view(true), VIEW_MS);
    await Promise.all([this.begin(), this.colleagues.load(), loadBench(), this.drafts.start()]);
    this.tell('list');
    this.tell('me');
  }

  get agents() {
    return this.colleagues.all;
  }

  /** @param {string} id */
  async open(id) {
    if (this.openId === id && this.detail) return;
    this.#view(false);
    this.openId = id;
    this.#view(true);
    this.detail = null;
    this.entries = [];
    this.older = null;
    this.customerRead = this.customerHas = 0;
    this.tell('thread');
    this.tell('list');
    this.tell('detail');
    if (id) await this.#reload(id);
  }

  /** Tell colleagues that this agent looks at the conversation, or does no more. @param {boolean} on */
  #view(on) {
    if (this.openId && (!on || document.visibilityState === 'visible')) this.line.send({ t: 'view', c: this.openId, on });
  }

  /** Load back to an entry that was found. @param {number} n */
  async reach(n) {
    for (let i = 0; i < JUMP && this.older && (this.entries[0]?.n ?? 0) > n; i++) await this.earlier();
  }

  /** @param {string} id */
  async #reload(id) {
    try {
      const [detail, page] = await Promise.all([get(`/conversations/${id}`), get(`/conversations/${id}/entries?limit=50`)]);
      if (this.openId !== id) return;
      this.detail = { ...detail, deliveries: { ...detail.deliveries, ...page.deliveries } };
      this.entries = page.items;
      this.customerRead = Math.max(this.customerRead, detail.customer_read_n ?? 0);
      this.customerHas = Math.max(this.customerHas, detail.customer_has_n ?? 0);
      this.older = page.next;
      for (const ev of this.entries) if (ev.id) this.sender.seen(ev.id);
      this.tell('thread');
      this.tell('detail');
      this.markRead();
    } catch (error) {
      this.complain(error);
      if (error instanceof Failure && error.status === 404 && this.openId === id) location.hash = '';
    }
  }

  async earlier() {
    const { openId: id, older } = this;
    if (!older) return;
    this.older = null;
    const page = await get(`/conversations/${id}/entries?limit=50&before=${older}`).catch(() => null);
    if (!page || this.openId !== id) return;
    this.entries.unshift(...page.items);
    if (this.detail) Object.assign(this.detail.deliveries, page.deliveries);
    this.older = page.next;
    this.tell('thread');
  }

  /** The last entry of the open conversation. */
  get lastN() {
    return this.entries.at(-1)?.n ?? 0;
  }

  /** Say how far this agent has read, when it can really be seen. */
  markRead() {
    const row = this.rows.find((one) => one.id === this.openId);
    const n = this.lastN;
    if (!n || document.visibilityState === 'hidden' || (this.detail && this.detail.read_n >= n)) return;
    if (row) row.unread = 0;
    if (this.detail) this.detail.read_n = n;
    post(`/conversations/${this.openId}/read`, { n }).catch(() => {});
    this.tell('list');
  }

  /** @param {Frame} frame */
  #take(frame) {
    if (frame.t === 'welcome') this.#welcomed(/** @type {Welcome} */ (frame));
    else if (frame.t === 'ev') this.#happened(/** @type {Ev} */ (frame));
    else if (frame.t === 'eph') this.#passing(frame);
  }

  /** @param {Welcome} welcome */
  #welcomed(welcome) {
    if (!welcome.resumed) {
      this.cursor = welcome.from - 1;
      if (this.openId) this.#reload(this.openId);
      this.refresh(0);
    }
    this.epoch = welcome.epoch;
    this.sender.flush();
    this.#view(true);
    this.colleagues.load();
  }

  /** @param {Ev} ev */
  #happened(ev) {
    if (ev.s <= this.cursor) return;
    if (ev.s > this.cursor + 1) return this.line.restart();
    this.cursor = ev.s;
    this.colleagues.hear(ev.by);
    if (ev.id) this.sender.seen(ev.id);
    if (ev.c === this.openId && this.detail) this.#append(ev);
    this.touched.add(ev.c);
    if (ev.k === 'message' && ev.by.kind === 'customer' && !ev.d.data?.seen_in) this.dispatchEvent(new CustomEvent('said', { detail: ev }));
    const row = this.rows.find((one) => one.id === ev.c);
    if (row && (ev.k === 'message' || ev.k === 'note')) this.#preview(row, ev);
    this.refresh(row && ['message', 'note', 'status'].includes(ev.k) ? LATER_MS : SOON_MS);
  }

  /** @param {Ev} ev */
  #append(ev) {
    const { detail } = this;
    if (!detail || ev.n <= this.lastN) return;
    if (ev.n > this.lastN + 1) {
      this.#reload(this.openId);
      return;
    }
    this.entries.push(ev);
    beside.follow(detail, ev);
    if (ev.k === 'message') this.company.writers.delete(ev.c);
    if (beside.asks(detail, ev)) this.#renew(detail);
    this.tell('thread');
    this.tell('detail');
    this.markRead();
  }

  /** Ask what is due and what the channel still takes, once those replies that are leaving have been counted. @param {Detail} detail */
  #renew(detail) {
    clearTimeout(this.counting);
    this.counting = setTimeout(async () => {
      if (!(await beside.renew(detail))) return;
      this.tell('thread');
      this.tell('detail');
    }, SOON_MS);
  }

  /** @param {Row} row @param {Ev} ev */
  #preview(row, ev) {
    row.preview = (ev.d.parts ?? []).map((part) => previewOf(part)).join(' ');
    row.preview_by = ev.k === 'note' ? 'note' : ev.by.kind;
    row.last_at = ev.at;
    if (ev.k === 'message' && ev.by.kind === 'customer') {
      row.waiting_since ??= ev.at;
      if (ev.n > row.last_n) row.unread++;
    }
    row.last_n = Math.max(row.last_n, ev.n);
    if (ev.k === 'message' && ev.by.kind === 'agent') row.waiting_since = null;
    if (ev.c === this.openId && document.visibilityState !== 'hidden') row.unread = 0;
    this.#rise(row);
    this.tell('list');
  }

  /** Put a row where its time belongs: of ten thousand one moves. @param {Row} row */
  #rise(row) {
    const time = Date.parse(row.last_at);
    this.rows.splice(this.rows.indexOf(row), 1);
    const at = this.rows.findIndex((other) => Date.parse(other.last_at) <= time);
    this.rows.splice(at < 0 ? this.rows.length : at, 0, row);
  }

  /** @param {Frame} frame */
  #passing(frame) {
    const ms = this.company.take(frame);
    if (ms) {
      this.tell('thread');
      setTimeout(() => this.tell('thread'), ms + 100);
    }
    this.colleagues.hear(frame.by, frame.k === 'presence' ? frame.state : undefined);
    if (frame.k === 'views') this.tell('views');
    else if (frame.k === 'draft' && frame.c) {
      this.drafts.told(frame).then((draft) => {
        if (draft) this.dispatchEvent(new CustomEvent('draft', { detail: { c: frame.c, draft } }));
      });
    } else if (frame.by?.kind === 'customer' && frame.c === this.openId) {
      if (frame.k === 'read') this.customerRead = Math.max(this.customerRead, frame.n ?? 0);
      if (frame.k === 'delivered') this.customerHas = Math.max(this.customerHas, frame.n ?? 0);
      this.tell('thread');
    }
  }

  /**
   * Do something to the open conversation.
   * @param {'resolve' | 'reopen' | 'assign' | 'translate'} act
   * @param {{agent?: string, on?: boolean}} [more]
   */
  async act(act, more = {}) {
    const { openId } = this;
    if (!openId) return;
    try {
      await post(`/conversations/${await this.sender.said(openId)}/${act}`, { id: newId(), ...more });
      this.dispatchEvent(new CustomEvent('note', { detail: say(`done.${act}${more.on === false ? 'Off' : ''}`, {}) }));
    } catch (error) {
      this.complain(error);
    }
  }

  /** Do something to the open conversation that the page tells by what it shows. @param {...import('./steps.js').Step} steps */
  async apply(...steps) {
    try {
      await carry([await this.sender.said(this.openId)], steps);
      return true;
    } catch (error) {
      this.complain(error);
      return false;
    }
  }

  /** @param {string} delivery */
  async resend(delivery) {
    await post(`/deliveries/${delivery}/resend`, { id: newId() }).catch((error) => this.complain(error));
  }

  /** @param {'present' | 'away'} state */
  async be(state) {
    try {
      Object.assign(this.me, await call('PUT', '/me/presence', { state }));
      this.colleagues.hear({ ...this.me, kind: 'agent' }, state);
      this.tell('me');
    } catch (error) {
      this.complain(error);
    }
  }
}
