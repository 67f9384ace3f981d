/**
 * What the list is narrowed to, and views of one's own: made from what is set, kept on the hub.
 * @module
 */

import { fill, h, icon } from '../shared/dom.js';
import { call, get } from './api.js';
import { bench } from './bench.js';
import { ICONS } from './icons.js';
import { ask, field } from './sheets.js';
import { channelWord, say, words } from './words.js';

/** @typedef {{channel: string, team: string, tag: string, priority: number | null}} Only */
/** @typedef {Only & {name: string, view: import('./listing.js').View, q: string}} Own */
/** @type {Readonly<Only>} */
export const EVERYTHING = { channel: '', team: '', tag: '', priority: null };

export class Filters extends HTMLElement {
  /** @param {import('./inbox.js').Inbox} inbox */
  constructor(inbox) {
    super();
    this.inbox = inbox;
    /** @type {Own[]} */
    this.views = [];
  }

  connectedCallback() {
    if (this.chips) return;
    this.chips = h('div', { class: 'set', role: 'group', 'aria-label': words.filters });
    this.own = h('div', { class: 'own', role: 'group', 'aria-label': words.ownViews });
    this.replaceChildren(this.own, this.chips);
    this.inbox.addEventListener('list', () => this.#draw());
    get('/me/views').then((found) => {
      this.views = found.items;
      this.#draw();
    }, () => {});
    this.#draw();
  }

  #draw() {
    const { chips, own, inbox, views } = this;
    const { only } = inbox;
    const stamp = JSON.stringify([only, inbox.view, inbox.query, views]);
    if (!chips || !own || stamp === this.dataset.stamp) return;
    this.dataset.stamp = stamp;
    const set = Object.entries(only).filter(([, value]) => value !== '' && value !== null);
    fill(chips, ...set.map(([name, value]) => {
      const text = name === 'priority' ? words[`priority.${value}`] : name === 'channel' ? channelWord(String(value)) : String(value);
      const drop = () => inbox.narrow({ ...only, [name]: name === 'priority' ? null : '' });
      return h('button', { type: 'button', class: 'chip set', 'aria-label': say('dropFilter', { name: text }), onclick: drop }, text, icon(ICONS.close, 12));
    }), set.length || inbox.query ? h('button', { type: 'button', class: 'chip keep', onclick: () => this.#keep() }, words.keepView) : null);
    chips.hidden = !chips.childElementCount;
    fill(own, ...views.map((one) => h('span', { class: 'view' },
      h('button', { type: 'button', 'aria-pressed': String(this.#is(one)), onclick: () => this.use(one) }, one.name),
      this.#is(one) ? h('button', { type: 'button', class: 'drop', 'aria-label': say('remove', { name: one.name }), onclick: () => this.#save(views.filter((v) => v !== one)) }, icon(ICONS.close, 12)) : null)));
    own.hidden = !views.length;
  }

  /** @param {Own} one */
  #is({ view, q, channel, team, tag, priority }) {
    const { inbox } = this;
    return JSON.stringify([view, q, channel, team, tag, priority])
      === JSON.stringify([inbox.view, inbox.query, inbox.only.channel, inbox.only.team, inbox.only.tag, inbox.only.priority]);
  }

  /** @param {Own} one */
  use({ view, q, channel, team, tag, priority }) {
    this.inbox.load(view, q, { channel, team, tag, priority });
  }

  #keep() {
    const { inbox } = this;
    const name = h('input', { type: 'text', required: true, maxlength: 40 });
    ask(words.keepView, words.keep, [field(words.viewName, name)], () =>
      this.#save([...this.views, { name: name.value.trim(), view: inbox.view, q: inbox.query, ...inbox.only }]));
  }

  /** @param {Own[]} views */
  async #save(views) {
    try {
      this.views = (await call('PUT', '/me/views', { items: views })).items;
      this.#draw();
      return true;
    } catch (error) {
      this.inbox.complain(error);
      return false;
    }
  }

  /** Ask what to narrow the list to. */
  ask() {
    const { inbox } = this;
    const pick = (/** @type {string} */ name, /** @type {[string, string][]} */ options, /** @type {string} */ chosen) => {
      const select = h('select', { name }, h('option', { value: '' }, words.any), ...options.map(([value, text]) => h('option', { value }, text)));
      select.value = chosen;
      return select;
    };
    const { only } = inbox;
    const channel = pick('channel', bench.channels.map((one) => [one, channelWord(one)]), only.channel);
    const team = pick('team', bench.teams.map((one) => [one, one]), only.team);
    const tag = pick('tag', bench.tags.map((one) => [one.name, one.name]), only.tag);
    const priority = pick('priority', [3, 2, 1].map((n) => [String(n), words[`priority.${n}`]]), only.priority === null ? '' : String(only.priority));
    const fields = [field(words.channel, channel), field(words.team, team), field(words.tags, tag), field(words.priority, priority)];
    ask(words.filters, words.show, fields, () =>
      inbox.narrow({ channel: channel.value, team: team.value, tag: tag.value, priority: priority.value ? Number(priority.value) : null }));
  }
}

customElements.define('fd-filters', Filters);
