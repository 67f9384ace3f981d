/**
 * The questions behind acts: until when, how urgent, which tags, to whom and why, whether to block.
 * @module
 */

import { fill, h, icon } from '../shared/dom.js';
import { bench, colourOf, loadBench, loadOf } from './bench.js';
import { ICONS } from './icons.js';
import { ask, field, sheet } from './sheets.js';
import { LEVELS, times } from './steps.js';
import { say, words } from './words.js';

/** @typedef {(...steps: import('./steps.js').Step[]) => Promise<unknown>} Apply */

/** @param {Apply} apply @param {boolean} asleep @returns {import('./menu.js').Choice[]} */
export function snoozes(apply, asleep) {
  return [
    ...(asleep ? [{ label: words.wake, run: () => void apply({ wake: true }) }] : []),
    ...times().map(({ label, hint, until }) => ({ label, hint, run: () => void apply({ until: until.toISOString() }) })),
    { label: words['in.written'], run: () => void apply({ sleep: 'written' }), apart: true },
    { label: words['in.other'], run: () => otherTime(apply) },
  ];
}

/** @param {Apply} apply */
function otherTime(apply) {
  const soon = new Date(Date.now() + 86_400_000);
  const local = new Date(soon.getTime() - soon.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  const when = h('input', { type: 'datetime-local', required: true, value: local });
  ask(words.snooze, words.snooze, [field(words.until, when)], () => apply({ until: new Date(when.value).toISOString() }));
}

/** @param {Apply} apply @param {number} [now] @returns {import('./menu.js').Choice[]} */
export function priorities(apply, now) {
  return LEVELS.map((level, i) => ({
    label: words[`priority.${i}`], dot: `level${i}`, ...(now === undefined ? {} : { chosen: i === now }), run: () => void apply({ priority: level }),
  })).reverse();
}

/** Tags to put on and to take off, with those that are known offered while typing. @param {Apply} apply @param {string[]} tags */
export function askTags(apply, tags) {
  const on = new Set(tags);
  const chips = h('ul', { class: 'tagged', 'aria-label': words.tags });
  const offers = h('div', { class: 'offers', role: 'group', 'aria-label': words.knownTags });
  const input = h('input', { type: 'text', maxlength: 40, autocomplete: 'off', enterkeyhint: 'done', 'aria-label': words.newTag, placeholder: words.newTag });
  const change = async (/** @type {string} */ tag, /** @type {boolean} */ add) => {
    if (add) on.add(tag);
    else on.delete(tag);
    draw();
    await apply(add ? { tag: [tag] } : { untag: [tag] });
  };
  const draw = () => {
    fill(chips, ...[...on].map((tag) => h('li', { class: `chip tagged ${colourOf(tag)}` }, tag,
      h('button', { type: 'button', 'aria-label': say('remove', { name: tag }), onclick: () => change(tag, false) }, icon(ICONS.close, 12)))));
    const typed = input.value.trim().toLocaleLowerCase();
    const known = bench.tags.filter((one) => !on.has(one.name) && one.name.toLocaleLowerCase().includes(typed)).slice(0, 12);
    fill(offers, ...known.map((one) => h('button', { type: 'button', class: `chip tagged ${one.colour}`, onclick: () => take(one.name) }, one.name)));
  };
  const take = (/** @type {string} */ tag) => {
    input.value = '';
    change(tag, true);
    input.focus();
  };
  input.addEventListener('input', draw);
  input.addEventListener('keydown', (event) => {
    const tag = input.value.trim();
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Backspace' && !input.value && on.size) change([...on].at(-1) ?? '', false);
    if (event.key !== 'Enter' || !tag) return;
    event.preventDefault();
    if (/\s/.test(tag)) {
      input.setCustomValidity(words.oneWord);
      input.reportValidity();
      input.setCustomValidity('');
    } else take(bench.tags.find((one) => one.name.toLocaleLowerCase() === tag.toLocaleLowerCase())?.name ?? tag);
  });
  const box = sheet(words.tags, h('div', { class: 'asks' }, chips, input, offers));
  box.classList.add('tags');
  draw();
  input.focus();
}

/**
 * To whom, and what they should know.
 * @param {Apply} apply
 * @param {import('./inbox.js').Inbox} inbox
 */
export async function askHandover(apply, inbox) {
  await Promise.all([loadBench(), inbox.colleagues.load()]);
  const one = (/** @type {string} */ value, /** @type {string} */ label, /** @type {import('../shared/dom.js').Child} */ dot, /** @type {string} */ hint) =>
    h('label', { class: 'pick' }, h('input', { type: 'radio', name: 'to', value, required: true }), dot, h('span', {}, label), h('small', {}, hint));
  const people = inbox.agents.map((agent) => one(`agent ${agent.id}`, agent.id === inbox.me.id ? words.me : agent.name,
    h('i', { class: `dot ${agent.state === 'present' ? 'on' : 'off'}` }), [words[agent.state], loadOf(agent.id)].filter(Boolean).join(' · ')));
  const teams = bench.teams.map((team) => one(`team ${team}`, team, icon(ICONS.team, 16), words.team));
  const comment = h('textarea', { name: 'reason', rows: 3, maxlength: 500 });
  const who = h('fieldset', { class: 'picks' }, h('legend', {}, words.handTo), ...teams, ...people);
  const box = ask(words.handOver, words.handOver, [who, field(words.comment, comment, words.commentHint)], (form) => {
    const given = new FormData(form);
    const [kind, ...name] = String(given.get('to')).split(' ');
    return apply({ assign: { [kind]: name.join(' '), reason: comment.value.trim() } });
  });
  /** @type {HTMLElement | null} */ (box.querySelector('input[type=radio]'))?.focus();
}

/** @param {Apply} apply @param {string} name */
export function askBlock(apply, name) {
  const reason = h('input', { type: 'text', maxlength: 500 });
  ask(say('blockName', { name }), words.block, [h('p', { class: 'quiet' }, words.blockHint), field(words.reason, reason)], () =>
    apply({ block: reason.value.trim() }));
}
