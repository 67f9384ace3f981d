/**
 * What the thread shows, worked out from the log alone: day marks, runs of one author, states, the buttons that still count.
 * @module
 */

import { dayOf } from '../shared/when.js';

/**
 * @typedef {object} Item
 * @property {string} key
 * @property {'day' | 'line' | 'said' | 'greeting' | 'options' | 'form'} kind
 * @property {string} [text] of a day or a line
 * @property {boolean} own
 * @property {By} by
 * @property {string} at
 * @property {Part[]} parts
 * @property {Ev} [ev]
 * @property {Pending} [pending]
 * @property {import('./upload.js').Upload} [upload]
 * @property {string} [state] a word about an own message
 * @property {boolean} [failed]
 * @property {boolean} [edited]
 * @property {boolean} [gone]
 * @property {string} [signs]
 * @property {boolean} first of a run
 * @property {boolean} last of a run
 */

const RUN_MS = 5 * 60_000;
const DAY_MS = 24 * 3600_000;

/** @param {Partial<Item> & {key: string}} item @returns {Item} */
const item = (item) => ({ kind: 'said', own: false, by: { kind: 'system', name: '' }, at: '', parts: [], first: true, last: true, ...item });

/**
 * @param {import('./core.js').Core} core
 * @param {Record<string, string>} words
 * @returns {Item[]}
 */
export function itemsOf(core, words) {
  const { entries, confirmed, outbox } = core.log;
  const whole = !entries.length || entries[0].s === 1;
  /** @type {Item[]} */
  const said = [];
  // The channel's own greeting comes with the hub's first word: another one before it would be seen to change.
  if (whole && (core.host.setting.hello || core.cfg.lang !== undefined)) {
    const parts = /** @type {Part[]} */ ([{ type: 'text', text: core.host.setting.hello || core.cfg.greeting || words.greeting }]);
    said.push(item({ key: 'greeting', kind: 'greeting', parts, by: { kind: 'bot', name: '' } }));
  }
  said.push(...spoken(entries, words));
  for (const one of confirmed) said.push(own(one, words.sent));
  for (const one of outbox.all()) {
    if (!entries.some((ev) => ev.id === one.id)) said.push({ ...own(one, one.failed ? words[one.failed] ?? words.failed : words.sending), failed: Boolean(one.failed) });
  }
  for (const one of core.uploads.values()) {
    const state = one.failed ? words[one.failed] ?? words.failed : words.uploading.replace('{n}', String(one.done));
    said.push(item({ key: one.id, own: true, at: one.at, parts: [one.part], upload: one, state, failed: Boolean(one.failed) }));
  }
  mark(said, core.log.agentRead, words);
  return [...dated(said, core.lang), ...(!core.must && said.some((one) => one.own || one.ev) ? offered(said) : asked(core.cfg.form))];

  /** @param {Pending} one @param {string} state */
  function own(one, state) {
    return item({ key: one.id, own: true, at: one.at, parts: one.parts, pending: one, state });
  }
}

/**
 * Entries as they read now: edits and deletions applied to what they change.
 * @param {Ev[]} entries
 * @param {Record<string, string>} words
 */
function spoken(entries, words) {
  /** @type {Item[]} */
  const out = [];
  /** @type {Map<string, Item>} */
  const byId = new Map();
  for (const ev of entries) {
    const changed = ev.d.of && byId.get(ev.d.of);
    if (ev.k === 'edit' && changed) Object.assign(changed, { parts: ev.d.parts ?? [], edited: true });
    else if (ev.k === 'delete' && changed) Object.assign(changed, { parts: [{ type: 'text', text: words.deleted }], gone: true });
    else if (ev.k === 'event') react(byId.get(ev.d.reply ?? ''), ev.d.parts?.[0]);
    else if (ev.k === 'resolved' || ev.k === 'reopened') {
      out.push(item({ key: ev.d.mid, kind: 'line', text: words[ev.k], at: ev.at, ev }));
    } else if (ev.k === 'message') {
      const own = ev.by.kind === 'customer';
      const made = item({ key: (own && ev.id) || ev.d.mid, own, by: ev.by, at: ev.at, parts: ev.d.parts ?? [], ev });
      byId.set(ev.d.mid, made);
      out.push(made);
    }
  }
  return out;
}

/** Signs that were set on something said. @param {Item | undefined} about @param {Part | undefined} part */
function react(about, part) {
  if (about && part?.type === 'event' && part.kind === 'reacted') about.signs = part.data;
}

/**
 * Runs of one author, and the word under the last own message.
 * @param {Item[]} said
 * @param {number} agentRead
 * @param {Record<string, string>} words
 */
function mark(said, agentRead, words) {
  said.forEach((one, i) => {
    const next = said[i + 1];
    const same = next && next.kind === one.kind && next.own === one.own && next.by.name === one.by.name && next.by.kind === one.by.kind;
    const near = same && Math.abs(Date.parse(next.at) - Date.parse(one.at)) < RUN_MS && !one.failed;
    if (one.own && next?.own && Math.abs(Date.parse(next.at) - Date.parse(one.at)) < RUN_MS && !one.failed) join(one, next);
    else if (near && !one.own) join(one, next);
  });
  const latest = said.findLast((one) => one.own && one.ev);
  if (latest?.ev) latest.state = latest.ev.s <= agentRead ? words.read : words.delivered;

  /** @param {Item} a @param {Item} b */
  function join(a, b) {
    a.last = false;
    b.first = false;
  }
}

/**
 * @param {Item[]} said
 * @param {string} lang
 */
function dated(said, lang) {
  let day = '';
  return said.flatMap((one) => {
    const its = one.at ? dayOf(one.at, lang) : day;
    if (its === day) return [one];
    day = its;
    return [item({ key: `day ${its}`, kind: 'day', text: its }), one];
  });
}

/**
 * What is asked before the first message.
 * @param {Welcome['cfg']['form']} form
 */
function asked(form) {
  return form ? [item({ key: 'before', kind: 'form', parts: [form] })] : [];
}

/**
 * The buttons or questions of the last thing said, if it was not the customer who said it.
 * @param {Item[]} said
 */
function offered(said) {
  const latest = said.at(-1);
  const part = latest && (latest.own ? latest.parts.find(isRecent) : latest.parts.findLast((one) => (one.type === 'choices' || one.type === 'card') && one.options?.length || one.type === 'form' && !one.submitted));
  const deck = latest && latest.parts.filter((one) => one.type === 'card').length > 1 && part?.type === 'card';
  return latest && part && !deck ? [item({ key: `options ${latest.key}`, kind: part.type === 'form' ? 'form' : 'options', parts: [part], ev: latest.ev })] : [];

  /** A rating can be changed for a day. @param {Part} one */
  function isRecent(one) {
    return one.type === 'form' && one.fields[0]?.kind === 'rating' && Date.now() - Date.parse(latest?.at ?? '') < DAY_MS;
  }
}

/** @param {Item} item */
export function stampOf({ kind, text, parts, state, failed, first, last, edited, by, own, ev, signs }) {
  return JSON.stringify([kind, text, parts, state, failed, first, last, edited, by.name, own, Boolean(ev), signs]);
}

/** @param {string} name */
export const initial = (name) => [...name.trim()][0]?.toLocaleUpperCase() ?? '';
