/**
 * The list of conversations: views, search, rows that say who waits and for how long.
 * @module
 */

import { fill, follow, h, icon } from '../shared/dom.js';
import { briefly, elapsed } from '../shared/when.js';
import { ICONS } from './icons.js';
import { VIEWS } from './listing.js';
import { channelWord, lang, say, words } from './words.js';

const SEARCH_MS = 250;

export class List extends HTMLElement {
  /** @param {import('./inbox.js').Inbox} inbox @param {HTMLElement} account the agent's own button, for phones */
  constructor(inbox, account) {
    super();
    this.inbox = inbox;
    this.account = account;
  }

  connectedCallback() {
    const { inbox } = this;
    this.setAttribute('role', 'region');
    this.setAttribute('aria-label', words.inbox);
    this.waiting = h('span', { class: 'waiting' });
    this.tabs = h('div', { class: 'tabs', role: 'group', 'aria-label': words.views });
    this.search = h('input', { type: 'search', placeholder: words.search, 'aria-label': words.search, enterkeyhint: 'search' });
    this.search.addEventListener('input', () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => inbox.load(inbox.view, this.search?.value.trim() ?? ''), SEARCH_MS);
    });
    this.rows = h('ul', { class: 'rows', 'aria-label': words.conversations });
    this.empty = h('div', { class: 'nothing' });
    const scroll = h('div', { class: 'scroll' }, this.rows, this.empty);
    scroll.addEventListener('scroll', () => {
      if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 400) inbox.more();
    }, { passive: true });
    this.replaceChildren(
      h('div', { class: 'head' }, h('h2', {}, words.inbox), this.waiting, this.account),
      h('div', { class: 'find' }, icon(ICONS.search, 18), this.search, h('kbd', { 'aria-hidden': 'true' }, '/')),
      this.tabs, scroll,
    );
    inbox.addEventListener('list', () => this.#draw());
    setInterval(() => this.#draw(), 1000);
    this.#draw();
  }

  #draw() {
    const { inbox, rows, tabs, empty } = this;
    if (!rows || !tabs || !empty) return;
    follow(tabs, VIEWS, (view) => view, (view) => JSON.stringify([inbox.view === view, count(view)]), (view) => this.#tab(view, count(view)));
    follow(rows, inbox.rows, (row) => row.id, (row) => this.#stamp(row), (row) => this.#row(row));
    empty.hidden = inbox.rows.length > 0;
    const text = !inbox.loaded ? words.loading : inbox.query ? words.noneFound : words[`none.${inbox.view}`];
    if (empty.dataset.text !== text) {
      empty.dataset.text = text;
      fill(empty, inbox.loaded && icon(inbox.query ? ICONS.search : ICONS.done, 28), h('p', {}, text));
    }
    this.#longest();

    /** @param {import('./listing.js').View} view */
    function count(view) {
      return view === 'resolved' ? null : inbox.counts[view];
    }
  }

  /** Who has waited longest, beside the heading. */
  #longest() {
    const since = this.inbox.rows.map((row) => row.waiting_since).filter((at) => at !== null).sort();
    const text = since.length ? say('longest', { time: elapsed(since[0], words) }) : '';
    if (this.waiting && this.waiting.textContent !== text) this.waiting.textContent = text;
  }

  /** @param {import('./listing.js').View} view @param {number | null} count */
  #tab(view, count) {
    const chosen = this.inbox.view === view;
    const number = count ? h('b', {}, String(count)) : null;
    return h('button', { type: 'button', 'aria-pressed': String(chosen), onclick: () => this.inbox.load(view, this.inbox.query) }, words[`view.${view}`], number);
  }

  /** @param {Row} row */
  #stamp(row) {
    const waits = row.waiting_since && elapsed(row.waiting_since, words);
    return JSON.stringify([row, row.id === this.inbox.openId, waits, briefly(row.last_at, lang)]);
  }

  /** @param {Row} row */
  #row(row) {
    const { me, openId } = this.inbox;
    const open = row.id === openId;
    const unread = Math.max(0, row.last_n - row.read_n);
    const name = nameOf(row);
    const mine = row.agent?.id === me.id;
    const chips = [
      h('span', { class: 'tag' }, channelWord(row.channel)),
      row.waiting_since && h('span', { class: 'chip wait' }, icon(ICONS.waiting, 13), elapsed(row.waiting_since, words)),
      row.status === 'resolved' && h('span', { class: 'chip' }, words.resolvedWord),
      row.agent && !mine && h('span', { class: 'chip' }, row.agent.name),
      !row.agent && row.status === 'open' && this.inbox.view !== 'unassigned' && h('span', { class: 'chip' }, words.nobody),
      row.team && h('span', { class: 'chip' }, row.team),
      row.priority ? h('span', { class: 'chip' }, words[`priority.${row.priority}`]) : null,
      row.blocked && h('span', { class: 'chip' }, words.blockedWord),
      ...(row.tags ?? []).map((tag) => h('span', { class: 'chip' }, `#${tag}`)),
    ];
    const by = { agent: words.byAgent, bot: words.byBot, note: words.byNote }[row.preview_by];
    const badge = unread > 0 && h('span', { class: 'badge' }, unread > 99 ? '99+' : String(unread), h('span', { class: 'vh' }, ` ${words.unread}`));
    const link = h('a', { href: `#/c/${row.id}`, 'aria-current': open ? 'true' : null },
      avatar(name, row.customer.id),
      h('span', { class: 'top' }, h('span', { class: unread ? 'name new' : 'name', dir: 'auto' }, name), h('time', { datetime: row.last_at }, briefly(row.last_at, lang))),
      h('span', { class: 'middle' }, h('span', { class: 'preview', dir: 'auto' }, by ? `${by}${row.preview}` : row.preview), badge),
      h('span', { class: 'chips' }, ...chips));
    return h('li', {}, link);
  }

  /** @param {number} step to the next or the previous conversation */
  move(step) {
    const { rows, openId } = this.inbox;
    const at = rows.findIndex((row) => row.id === openId);
    const row = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    if (!row) return;
    location.hash = `#/c/${row.id}`;
    this.rows?.querySelector(`[data-key="${row.id}"]`)?.scrollIntoView({ block: 'nearest' });
  }
}

/** @param {Row} row */
export const nameOf = (row) => row.customer.name || say('visitor', { id: row.customer.id.slice(-4).toUpperCase() });

/**
 * A customer's initial on a colour of their own.
 * @param {string} name @param {string} id
 */
export function avatar(name, id) {
  const hue = [...id].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 6, 7);
  return h('span', { class: `avatar hue${hue}`, 'aria-hidden': 'true' }, [...name.trim()][0]?.toLocaleUpperCase() ?? '?');
}

customElements.define('fd-list', List);
