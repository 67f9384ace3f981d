/**
 * Conversations of one customer that are one matter: merged into the one that goes on, parted again, and where answers go.
 * @module
 */

import { fill, h, newId } from '../shared/dom.js';
import { get, post } from './api.js';
import { ask, field } from './sheets.js';
import { channelWord, nameOf, say, words } from './words.js';

/** What is known of the open conversation beside itself: what was said in the others before, and where answers go. */
export const joined = { of: '', stamp: '', to: '', beside: /** @type {Ev[]} */ ([]) };

/** Which other conversation of this customer belongs to this one. @param {import('./inbox.js').Inbox} inbox */
export function askJoin(inbox) {
  const { detail, openId } = inbox;
  if (!detail) return;
  const there = new Set((detail.merged ?? []).map((one) => one.id));
  const others = detail.history.filter((one) => one.status !== 'merged' && !there.has(one.id));
  const reason = h('input', { type: 'text', maxlength: 500 });
  const picks = others.map((one, i) => h('label', { class: 'pick' }, h('input', { type: 'radio', name: 'other', value: one.id, required: true, checked: i === 0 }),
    h('span', { dir: 'auto' }, one.preview || '—'), h('small', {}, `${channelWord(one.channel)} · ${one.status === 'open' ? words.openWord : words.resolvedWord}`)));
  const list = h('div', { class: 'picks', role: 'group', 'aria-label': words.conversations }, ...picks, picks.length ? null : h('p', { class: 'quiet' }, words.joinNone));
  ask(words.join, words.joinDo, [h('p', { class: 'quiet' }, say('joinHint', { name: nameOf(detail) })), list, field(words.reason, reason)], async (form) => {
    const other = new FormData(form).get('other');
    return other ? tell(inbox, `/conversations/${openId}/merge`, { other, reason: reason.value.trim() }, words.joined) : false;
  });
}

/** Let a conversation go on by itself. @param {import('./inbox.js').Inbox} inbox @param {string} [other] */
export const partTalk = (inbox, other) => tell(inbox, `/conversations/${inbox.openId}/part`, other ? { other } : {}, words.partedTalk);

/** @param {import('./inbox.js').Inbox} inbox @param {string} path @param {object} body @param {string} done */
async function tell(inbox, path, body, done) {
  try {
    await post(path, { id: newId(), ...body });
    inbox.note(done);
    return true;
  } catch (error) {
    inbox.complain(error);
    return false;
  }
}

/** Where an answer goes: a conversation that the agent has chosen; empty where the customer wrote last. @param {string} id */
export const answersTo = (id) => (joined.of === id && joined.to) || undefined;

/** The entries of a conversation with what was said in the merged ones before, in the order of time. @param {string} id @param {Ev[]} entries @param {boolean} all */
export function woven(id, entries, all) {
  if (joined.of !== id || !joined.beside.length) return entries;
  const since = all ? 0 : entries[0]?.s ?? 0;
  return [...entries, ...joined.beside.filter((ev) => ev.s > since)].sort((a, b) => a.s - b.s);
}

/** A strip below the head: what is merged, with the ways there and back, and where answers go. */
export class Joined extends HTMLElement {
  /** @param {import('./inbox.js').Inbox} inbox */
  constructor(inbox) {
    super();
    this.inbox = inbox;
  }

  connectedCallback() {
    this.setAttribute('role', 'group');
    this.setAttribute('aria-label', words.join);
    this.inbox.addEventListener('detail', () => this.#draw());
    this.#draw();
  }

  #draw() {
    const { detail } = this.inbox;
    const merged = detail?.merged ?? [];
    const stamp = JSON.stringify([detail?.id, detail?.merged_into, merged.map((one) => [one.id, one.merged_n])]);
    this.hidden = !detail?.merged_into && !merged.length;
    if (stamp === joined.stamp) return;
    Object.assign(joined, { of: detail?.id ?? '', stamp, to: '', beside: [] });
    if (!detail || this.hidden) return fill(this);
    if (detail.merged_into) return fill(this, h('span', {}, words.isJoined), this.#way(detail.merged_into, words.joinOpen), this.#part());
    const rows = merged.map((one) => h('span', { class: 'one' }, this.#way(one.id, channelWord(one.channel)), this.#part(one)));
    fill(this, h('span', {}, words.joinedWith), ...rows, this.#target(detail, merged));
    this.#load(merged);
  }

  /** @param {string} id @param {string} text */
  #way(id, text) {
    return h('a', { href: `#/c/${id}` }, text);
  }

  /** @param {Merged} [one] */
  #part(one) {
    const label = one ? say('partWhich', { channel: channelWord(one.channel) }) : words.partTalk;
    return h('button', { class: 'second part', type: 'button', 'aria-label': label, onclick: () => void partTalk(this.inbox, one?.id) }, words.partTalk);
  }

  /** @param {Detail} detail @param {Merged[]} merged */
  #target(detail, merged) {
    const places = [{ id: '', label: words.whereLast }, { id: detail.id, label: channelWord(detail.channel) }, ...merged.map((one) => ({ id: one.id, label: channelWord(one.channel) }))];
    const choose = h('select', {}, ...places.map(({ id, label }) => h('option', { value: id }, label)));
    choose.addEventListener('change', () => (joined.to = choose.value));
    return h('label', { class: 'to' }, words.answersGo, choose);
  }

  /** What was said there before it was merged. @param {Merged[]} merged */
  async #load(merged) {
    const { inbox } = this;
    const { stamp } = joined;
    const pages = await Promise.all(merged.map((one) => get(`/conversations/${one.id}/entries?limit=100&before=${one.merged_n}`).catch(() => null)));
    if (stamp !== joined.stamp) return;
    joined.beside = pages.flatMap((page, i) => /** @type {Ev[]} */ (page?.items ?? []).map((ev) => ({ ...ev, d: { ...ev.d, data: { ...ev.d.data, via: { conversation: merged[i].id, channel: merged[i].channel } } } })));
    for (const page of pages) Object.assign(inbox.detail?.deliveries ?? {}, page?.deliveries);
    inbox.tell('thread');
  }
}

customElements.define('fd-joined', Joined);
