/**
 * What a conversation shows, worked out from its entries: bubbles, notes, lines about what happened, and what became of each reply.
 * @module
 */

import { dayOf } from '../shared/when.js';
import { woven } from './joined.js';
import { albumOf, joins, reacts, replaced } from './remarks.js';
import { remark } from './stars.js';
import { translationOf } from './translation.js';
import { say, words } from './words.js';

/**
 * @typedef {object} Shown
 * @property {string} key
 * @property {'day' | 'line' | 'said' | 'note'} kind
 * @property {string} text of a day or a line
 * @property {'customer' | 'agent' | 'bot'} who
 * @property {By} by
 * @property {string} at
 * @property {Part[]} parts
 * @property {Ev} [ev]
 * @property {Unsent} [unsent]
 * @property {Delivery} [delivery]
 * @property {string} state
 * @property {boolean} edited
 * @property {boolean} gone
 * @property {string} [album]
 * @property {import('./remarks.js').Piece[]} [pieces]
 * @property {string} [signs]
 * @property {string} [quoted] what it answers, in a few words
 * @property {number} [rating] stars that the customer gave with it
 * @property {number} [undo] seconds in which it can be taken back
 * @property {import('./translation.js').Translation} [translation]
 * @property {string} [via] the channel of a merged conversation
 * @property {boolean} first
 * @property {boolean} last
 */

const RUN_MS = 5 * 60_000;

/** @param {Partial<Shown> & {key: string}} some @returns {Shown} */
const shown = (some) => ({
  kind: 'said', text: '', who: 'agent', by: { kind: 'system', name: '' }, at: '', parts: [], state: '',
  edited: false, gone: false, first: true, last: true, ...some,
});

/**
 * @param {import('./inbox.js').Inbox} inbox
 * @param {string} lang
 * @returns {Shown[]}
 */
export function shownOf(inbox, lang) {
  const { detail, entries, sender, me } = inbox;
  if (!detail) return [];
  /** @type {Shown[]} */
  const all = [];
  /** @type {Map<string, Shown>} */
  const byId = new Map();
  for (const ev of woven(detail.id, entries, !inbox.older)) {
    const changed = ev.d.of && byId.get(ev.d.of);
    if (ev.k === 'edit' && changed) changed.edited = replaced(changed, ev);
    else if (ev.k === 'delete' && changed) changed.gone = !replaced(changed, ev);
    else if (changed && translationOf(ev)) changed.translation = translationOf(ev);
    else if (reacts(ev.d.reply && byId.get(ev.d.reply), ev)) continue;
    else if (ev.k === 'message' && joins(all.at(-1), ev)) byId.set(ev.d.mid, /** @type {Shown} */ (all.at(-1)));
    else if (ev.k === 'message' || ev.k === 'note') {
      const one = Object.assign(said(ev), albumOf(ev), { quoted: (byId.get(ev.d.reply ?? '')?.parts ?? []).map(previewOf).join(' ').slice(0, 120) });
      byId.set(ev.d.mid, one);
      all.push(one);
    } else if (happened(ev)) all.push(shown({ key: ev.d.mid, kind: 'line', text: happened(ev), at: ev.at }));
  }
  const by = /** @type {By} */ ({ kind: 'agent', name: me.name, id: me.id });
  const known = new Set(entries.map((ev) => ev.id));
  for (const item of sender.of(detail.id)) {
    if (known.has(item.id)) continue;
    const kind = item.kind === 'note' ? 'note' : 'said';
    const state = item.failed ? 'failed' : sender.kept.includes(item) ? 'kept' : 'sending';
    all.push(shown({ key: item.id, kind, who: 'agent', by, at: item.at, parts: item.parts, unsent: item, state, undo: sender.left(item.id) }));
  }
  runs(all);
  return dated(all, lang);

  /** @param {Ev} ev */
  function said(ev) {
    const who = ev.by.kind === 'customer' ? 'customer' : ev.by.kind === 'agent' ? 'agent' : 'bot';
    const delivery = detail?.deliveries[ev.d.mid];
    const via = ev.d.data?.via?.channel;
    const mine = who === 'agent' && !via;
    const late = delivery?.reason && ['queued', 'sending'].includes(delivery.state);
    const state = ev.k === 'note' ? '' : late ? 'delayed' : delivery?.state ?? (mine ? reached(ev.n) : '');
    const key = (ev.by.id === me.id && ev.id) || ev.d.mid;
    const undo = ev.by.id === me.id ? sender.left(ev.id) : 0;
    const rating = ev.d.data?.rating;
    const parts = rating ? remark(ev.d.parts ?? []) : ev.d.parts ?? [];
    return shown({ key, kind: ev.k === 'note' ? 'note' : 'said', who, by: ev.by, at: ev.at, parts, ev, delivery, state, undo, rating, via });
  }

  /** What became of an answer that the customer fetches: the hub has it, their page has it, they have seen it. @param {number} n */
  function reached(n) {
    return n <= inbox.customerRead ? 'read' : n <= inbox.customerHas ? 'sent' : 'kept';
  }

  /** @param {Ev} ev what happened, in a sentence; empty for what is shown elsewhere */
  function happened(ev) {
    const name = ev.by.id === me.id ? words.you : ev.by.name;
    const data = ev.d.data ?? {};
    if (ev.k === 'resolved' || ev.k === 'reopened') return say(`line.${ev.k}`, { name: name || words.system });
    if (ev.k === 'event') return (ev.d.parts ?? []).map((part) => (part.type === 'event' ? eventOf(part) : '')).join(' ');
    if (ev.k === 'status') return ev.d.of ? '' : words[`line.${data.state}`] ?? '';
    if (ev.k === 'changed') return changed(data, name || words.system);
    if (ev.k !== 'assigned') return '';
    const reason = data.reason && (words[`why.${data.reason}`] ?? (/^[a-z_]+$/.test(data.reason) ? '' : data.reason));
    const why = reason ? say('line.because', { reason }) : '';
    if (!data.agent) return (data.team ? say('line.team', { team: data.team }) : words['line.returned']) + why;
    if (data.agent === ev.by.id) return say('line.took', { name }) + why;
    if (data.agent === me.id) return words['line.assignedYou'] + why;
    return say('line.assigned', { to: data.name ?? '' }) + why;
  }
}

/** @param {Extract<Part, {type: 'event'}>} part what the customer did, with the word or the sign that came with it */
function eventOf({ kind, data }) {
  const text = words[`event.${kind === 'reacted' && !data ? 'unreacted' : kind}`] ?? kind;
  return data ? `${text}: ${data}` : text;
}

/** @param {Facts} data @param {string} name what agents changed, in a sentence */
function changed(data, name) {
  const { what = '', level, add = [], remove = [] } = data;
  const tags = [...add.map((tag) => `+ ${tag}`), ...remove.map((tag) => `− ${tag}`)].join(' ');
  if ((what === 'tags' && !tags) || what === 'translated') return '';
  if (what === 'translation') return say(`changed.translation.${data.on ? 'on' : 'off'}`, { name });
  if (what === 'beside') return '';
  if (what === 'handed_over') return say('changed.handed_over', { name: data.name || words.system });
  const where = what === 'merged' || what === 'parted' ? (data.into ? '.into' : '.from') : '';
  return say(`changed.${what}${where}`, { name, level: words[`priority.${level ?? 0}`] ?? '', tags });
}

/** @param {Shown[]} all */
function runs(all) {
  all.forEach((one, i) => {
    const next = all[i + 1];
    if (!next || one.kind !== next.kind || one.kind === 'line' || one.who !== next.who || one.by.name !== next.by.name || one.via !== next.via) return;
    if (Math.abs(Date.parse(next.at) - Date.parse(one.at)) > RUN_MS || ['failed', 'unknown', 'held', 'delayed'].includes(one.state) || one.undo) return;
    one.last = false;
    next.first = false;
  });
}

/** @param {Shown[]} all @param {string} lang */
function dated(all, lang) {
  let day = '';
  return all.flatMap((one) => {
    const its = dayOf(one.at, lang);
    if (its === day) return [one];
    day = its;
    one.first = true;
    return [shown({ key: `day ${its}`, kind: 'day', text: its }), one];
  });
}

/** @param {Part} part as a few words in a list */
export function previewOf(part) {
  if (part.type === 'media') return `[${words[part.kind] ?? words.file}]${part.alt ? ` ${part.alt}` : part.kind === 'file' ? ` ${part.name}` : ''}`;
  if ('text' in part && part.text) return part.text;
  if (part.type === 'card' || part.type === 'form') return part.title ?? '';
  return `[${words[part.type] ?? words.unsupported}]`;
}
