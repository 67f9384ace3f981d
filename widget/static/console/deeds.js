/**
 * Everything that can be done in the console, in words, with its key: for the keyboard, the palette and the conversation's menu.
 * @module
 */

import { askBlock, askHandover, askTags, priorities, snoozes } from './asks.js';
import { bench, loadBench, titled } from './bench.js';
import { VIEWS } from './listing.js';
import { askJoin, partTalk } from './joined.js';
import { helpSheet } from './menu.js';
import { askMerge } from './merge.js';
import { run } from './steps.js';
import { label } from './translation.js';
import { channelWord, nameOf, say, words } from './words.js';

/** @typedef {import('./palette.js').Deed} Deed */
/**
 * @typedef {object} Place what the deeds are done in
 * @property {import('./inbox.js').Inbox} inbox
 * @property {import('./list.js').List} list
 * @property {import('./thread.js').Thread} thread
 * @property {import('./details.js').Details} details
 * @property {() => void} panel
 */

/** What can be done to the open conversation. @param {Place} place @returns {Deed[]} */
export function ofConversation({ inbox, thread, details, panel }) {
  const { detail, me } = inbox;
  if (!detail) return [];
  const { composer } = thread;
  const group = words.conversation;
  const apply = (/** @type {import('./steps.js').Step[]} */ ...steps) => inbox.apply(...steps);
  const write = (/** @type {'reply' | 'note'} */ kind) => {
    composer?.be(kind);
    composer?.focus();
  };
  const last = inbox.entries.findLast((ev) => ev.k === 'message' && ev.by.kind === 'customer');
  const open = detail.status === 'open';
  /** @type {[string, string, string, () => unknown][]} */
  const all = [
    ['reply', words.reply, 'r', () => write('reply')],
    ['note', words.note, 'n', () => write('note')],
    ['quote', words.quoteLast, 'q', () => last && composer?.answer(last)],
    ['canned', words.canned, '', () => composer?.canned?.open()],
    ['take', words.take, 'a', () => inbox.act('assign', { agent: me.id })],
    ['handover', words.handOver, 't', () => askHandover(apply, inbox)],
    ['snooze', words.snooze, 'z', () => thread.sleep()],
    ['settle', open ? words.resolve : words.reopen, 'e', () => inbox.act(open ? 'resolve' : 'reopen')],
    ['priority', words.priority, 'p', () => thread.more()],
    ['tags', words.tags, 'l', () => loadBench().then(() => askTags(apply, detail.tags ?? []))],
    ['translate', label(detail), 'y', () => inbox.act('translate', { on: !detail.translated })],
    ['join', words.join, 'm', () => askJoin(inbox)],
    ...(detail.merged_into || detail.merged?.length === 1 ? [/** @type {[string, string, string, () => unknown]} */ (['apart', words.partTalk, '', () => partTalk(inbox)])] : []),
    ['merge', words.merge, '', () => askMerge(inbox, () => details.renew())],
    ['block', detail.blocked ? words.unblock : words.block, '', () => (detail.blocked ? apply({ unblock: '' }) : askBlock(apply, nameOf(detail)))],
    ['details', words.details, 'i', panel],
  ];
  const there = all.filter(([id]) => id !== 'translate' || typeof detail.translated === 'boolean');
  return there.map(([id, label, key, go]) => ({ id, label, group, key, run: () => void go() }));
}

/** @param {Place} place @returns {Deed[]} */
function more({ inbox }) {
  const { detail } = inbox;
  if (!detail) return [];
  const group = words.conversation;
  const apply = (/** @type {import('./steps.js').Step[]} */ ...steps) => inbox.apply(...steps);
  return [
    ...snoozes(apply, Boolean(detail.snoozed)).map((one) => ({ id: '', group: words.snooze, label: one.label, hint: one.hint, run: one.run })),
    ...priorities(apply).map((one) => ({ id: '', group: words.priority, label: one.label, run: one.run })),
    ...bench.macros.map((one) => ({ id: '', group: words.macros, label: titled(one.title), run: () => void macro(inbox, one.name) })),
    ...bench.teams.map((team) => ({ id: '', group, label: say('handToTeam', { team }), run: () => void apply({ assign: { team } }) })),
  ];
}

/** @param {import('./inbox.js').Inbox} inbox @param {string} name */
async function macro(inbox, name) {
  await run([inbox.openId], name).then(() => inbox.note(words.macroDone), (error) => inbox.complain(error));
}

/** What can be done anywhere. @param {Place} place @returns {Deed[]} */
export function anywhere({ inbox, list }) {
  /** @type {[string, string, string, () => unknown][]} */
  const all = [
    ['search', words.search, '/', () => list.search?.focus()],
    ['filters', words.filters, 'f', () => loadBench().then(() => list.filters?.ask())],
    ['mark', words.mark, 'x', () => list.markThis()],
    ['next', words['key.j'], 'j', () => list.move(1)],
    ['previous', words['key.j'], 'k', () => list.move(-1)],
    ['keys', words.keys, '?', helpSheet],
    ...VIEWS.map((view, i) => /** @type {[string, string, string, () => unknown]} */ ([`view.${view}`, words[`view.${view}`], String(i + 1), () => inbox.load(view, '')])),
  ];
  return all.map(([id, label, key, go]) => ({ id, label, group: id.startsWith('view.') ? words.views : words.inbox, key, run: () => void go() }));
}

/** Everything for the palette: acts first, then where one can go. @param {Place} place @param {Deed[]} own @returns {Deed[]} */
export function everything(place, own) {
  const { inbox, list } = place;
  const rows = inbox.rows.slice(0, 200).map((row) => ({ id: row.id, label: nameOf(row), group: words.conversations, hint: channelWord(row.channel), run: () => void (location.hash = `#/c/${row.id}`) }));
  const views = (list.filters?.all ?? []).map((one) => ({ id: '', label: one.name, group: words.ownViews, run: () => list.filters?.use(one) }));
  return [...ofConversation(place), ...anywhere(place).filter((deed) => deed.id !== 'previous'), ...more(place), ...views, ...own, ...rows];
}

/** The menu behind the three dots. @param {Place} place @returns {import('./menu.js').Choice[]} */
export function menuOf(place) {
  const { inbox } = place;
  const wanted = ['snooze', 'handover', 'tags', 'translate', 'join', 'apart', 'merge', 'block'];
  const deeds = ofConversation(place).filter((deed) => wanted.includes(deed.id));
  return [
    ...priorities((...steps) => inbox.apply(...steps), inbox.detail?.priority ?? 0),
    ...deeds.map((deed, i) => ({ label: deed.label, hint: deed.key?.toUpperCase(), apart: i === 0, run: deed.run })),
    ...bench.macros.map((one, i) => ({ label: titled(one.title), hint: words.macro, apart: i === 0, run: () => void macro(inbox, one.name) })),
  ];
}
