/**
 * What the list is narrowed to, and views of one's own or of the whole team: made from what is set, kept on the hub.
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
    /** @type {Own[]} one's own */
    this.views = [];
    /** @type {Own[]} everybody's */
    this.shared = [];
  }

  connectedCallback() {
    if (this.chips) return;
    this.chips = h('div', { class: 'set', role: 'group', 'aria-label': words.filters });
    this.own = h('div', { class: 'own', role: 'group', 'aria-label': words.ownViews });
    this.replaceChildren(this.own, this.chips);
    this.inbox.addEventListener('list', () => this.#draw());
    this.inbox.addEventListener('views', () => this.#load());
    this.#load();
    this.#draw();
  }

  async #load() {
    const [own, shared] = await Promise.all(['/me/views', '/views'].map((path) => get(path).catch(() => ({ items: [] }))));
    this.views = own.items;
    this.shared = shared.items;
    this.#draw();
  }

  /** Every view that this agent has. */
  get all() {
    return [...this.shared, ...this.views];
  }

  #draw() {
    const { chips, own, inbox, views, shared } = this;
    const { only } = inbox;
    const stamp = JSON.stringify([only, inbox.view, inbox.query, views, shared]);
    if (!chips || !own || stamp === this.dataset.stamp) return;
    this.dataset.stamp = stamp;
    const set = Object.entries(only).filter(([, value]) => value !== '' && value !== null);
    fill(chips, ...set.map(([name, value]) => {
      const text = name === 'priority' ? words[`priority.${value}`] : name === 'channel' ? channelWord(String(value)) : String(value);
      const drop = () => inbox.narrow({ ...only, [name]: name === 'priority' ? null : '' });
      return h('button', { type: 'button', class: 'chip set', 'aria-label': say('dropFilter', { name: text }), onclick: drop }, text, icon(ICONS.close, 12));
    }), set.length || inbox.query ? h('button', { type: 'button', class: 'chip keep', onclick: () => this.#keep() }, words.keepView) : null);
    chips.hidden = !chips.childElementCount;
    fill(own, ...shared.map((one) => this.#view(one, true)), ...views.map((one) => this.#view(one, false)));
    own.hidden = !own.childElementCount;
  }

  /** @param {Own} one @param {boolean} team whether everybody has it */
  #view(one, team) {
    const chosen = this.#is(one);
    const kept = team ? this.shared : this.views;
    const drop = () => this.#save(kept.filter((other) => other !== one), team);
    const may = chosen && (!team || this.#shares);
    return h('span', { class: 'view' },
      h('button', { type: 'button', 'aria-pressed': String(chosen), title: team ? words.teamView : null, onclick: () => this.use(one) },
        team && icon(ICONS.team, 13), team && h('span', { class: 'vh' }, `${words.teamView}: `), one.name),
      may ? h('button', { type: 'button', class: 'drop', 'aria-label': say('remove', { name: one.name }), onclick: drop }, icon(ICONS.close, 12)) : null);
  }

  /** Whether this agent may keep views for everybody. */
  get #shares() {
    return Boolean(this.inbox.me.rights?.includes('views'));
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
    const team = h('input', { type: 'checkbox' });
    const everybody = this.#shares ? h('label', { class: 'tick' }, team, words.forEverybody) : null;
    ask(words.keepView, words.keep, [field(words.viewName, name), everybody], () =>
      this.#save([...(team.checked ? this.shared : this.views), { name: name.value.trim(), view: inbox.view, q: inbox.query, ...inbox.only }], team.checked));
  }

  /** @param {Own[]} views @param {boolean} team */
  async #save(views, team) {
    try {
      const { items } = await call('PUT', team ? '/views' : '/me/views', { items: views });
      if (team) this.shared = items;
      else this.views = items;
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
