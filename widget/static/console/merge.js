/**
 * Two customers who are one person: found by name or address, made one, and two again.
 * @module
 */

import { fill, h } from '../shared/dom.js';
import { briefly } from './ago.js';
import { get, post } from './api.js';
import { ask, field } from './sheets.js';
import { channelWord, lang, nameOf, say, words } from './words.js';

const SOON_MS = 200;

/** @typedef {{id: string, name: string, email: string, phone: string, channels: string[]}} Person */
/** @typedef {{id: string, into: string, other: string, kind: string, by: string, reason: string, identities: string[], at: string, undone_at: string | null}} Link */

/** @param {import('./inbox.js').Inbox} inbox @param {() => void} done */
export function askMerge(inbox, done) {
  const { detail } = inbox;
  if (!detail) return;
  const into = detail.customer.id;
  const search = h('input', { type: 'search', maxlength: 100, autocomplete: 'off' });
  const found = h('div', { class: 'picks', role: 'group', 'aria-label': words.customers });
  const reason = h('input', { type: 'text', maxlength: 500 });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const look = async () => {
    const typed = search.value.trim();
    const people = typed ? (await get(`/customers?limit=20&q=${encodeURIComponent(typed)}`).catch(() => ({ items: [] }))).items : [];
    if (typed !== search.value.trim()) return;
    const others = /** @type {Person[]} */ (people).filter((one) => one.id !== into);
    fill(found, ...others.map((one) => h('label', { class: 'pick' }, h('input', { type: 'radio', name: 'other', value: one.id, required: true }),
      h('span', { dir: 'auto' }, one.name || say('visitor', { id: one.id.slice(-4).toUpperCase() })),
      h('small', {}, [one.email || one.phone, ...one.channels.map(channelWord)].filter(Boolean).join(' · ')))),
      typed && !others.length ? h('p', { class: 'quiet' }, words.noneFound) : null);
  };
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(look, SOON_MS);
  });
  ask(say('mergeWith', { name: nameOf(detail) }), words.merge, [h('p', { class: 'quiet' }, words.mergeHint), field(words.findCustomer, search), found, field(words.reason, reason)], async (form) => {
    const other = new FormData(form).get('other');
    if (!other) return false;
    try {
      await post(`/customers/${into}/link`, { other, reason: reason.value.trim() });
      inbox.note(words.merged);
      done();
    } catch (error) {
      inbox.complain(error);
      return false;
    }
  });
}

/**
 * The links that made a customer, each with its way back.
 * @param {Link[]} links @param {import('./inbox.js').Inbox} inbox @param {() => void} done
 */
export function linksOf(links, inbox, done) {
  const part = async (/** @type {Link} */ one) => {
    try {
      await post(`/links/${one.id}/undo`, {});
      inbox.note(words.parted);
      done();
    } catch (error) {
      inbox.complain(error);
    }
  };
  const who = (/** @type {Link} */ one) => inbox.agents.find((agent) => agent.id === one.by)?.name ?? words.system;
  return links.filter((one) => !one.undone_at).map((one) => h('li', {},
    h('span', {}, say('mergedBy', { name: who(one), when: briefly(one.at, lang) }), one.reason ? ` · ${one.reason}` : ''),
    h('button', { class: 'second', type: 'button', onclick: () => part(one) }, words.part)));
}
