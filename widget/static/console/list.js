/**
 * The list of conversations: views, search, rows that say who waits and for how long.
 * @module
 */

import { fill, follow, h, icon } from '../shared/dom.js';
import { briefly, elapsed } from './ago.js';
import { colourOf } from './bench.js';
import { Bulk } from './bulk.js';
import { promised, waited } from './clocks.js';
import { Filters } from './filters.js';
import { Finder } from './finder.js';
import { ICONS } from './icons.js';
import { VIEWS } from './listing.js';
import { Rows } from './rows.js';
import { starred } from './stars.js';
import { channelWord, lang, nameOf, say, words } from './words.js';

const SEARCH_MS = 250;
const HEIGHT = 96;
const NEAR_PX = 4000;
/** Dates of rows are looked at anew so often: `today` becomes a date. */
const DATES_MS = 60_000;

export class List extends HTMLElement {
  /** @param {import('./inbox.js').Inbox} inbox @param {HTMLElement} account the agent's own button, for phones */
  constructor(inbox, account) {
    super();
    this.inbox = inbox;
    this.account = account;
    this.queue = { n: 0, first: '' };
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
    this.rows.addEventListener('click', (event) => this.#mark(event));
    this.empty = h('div', { class: 'nothing' });
    this.filters = new Filters(inbox);
    const scroll = h('div', { class: 'scroll' }, this.rows, this.empty, new Finder(inbox));
    scroll.addEventListener('scroll', () => {
      if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_PX) inbox.more();
    }, { passive: true });
    this.seen = new Rows(scroll, this.rows, HEIGHT, { key: (row) => row.id, stamp: (row) => this.#stamp(row), make: (row) => this.#row(row) });
    const filter = h('button', { class: 'plain', type: 'button', 'aria-label': words.filters, title: `${words.filters} (F)`, onclick: () => this.filters?.ask() }, icon(ICONS.filter, 18));
    const pick = h('button', { class: 'plain', type: 'button', 'aria-label': words.mark, title: `${words.mark} (X)`, onclick: () => (inbox.marked.on ? inbox.marked.clear() : inbox.marked.begin()) }, icon(ICONS.pick, 18));
    this.replaceChildren(
      h('div', { class: 'head' }, h('h2', {}, words.inbox), this.waiting, this.account),
      h('div', { class: 'find' }, icon(ICONS.search, 18), this.search, h('kbd', { 'aria-hidden': 'true' }, '/'), filter, pick),
      this.tabs, this.filters, scroll, new Bulk(inbox),
    );
    inbox.marked.addEventListener('change', () => this.#draw());
    inbox.addEventListener('list', () => this.#draw());
    setInterval(() => this.#longest(), 1000);
    setInterval(() => this.#draw(), DATES_MS);
    this.#draw();
  }

  #draw() {
    const { inbox, rows, tabs, empty } = this;
    if (!rows || !tabs || !empty) return;
    follow(tabs, VIEWS, (view) => view, (view) => JSON.stringify([inbox.view === view, count(view)]), (view) => this.#tab(view, count(view)));
    rows.classList.toggle('marking', inbox.marked.on);
    this.seen?.show(inbox.rows);
    this.#count();
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

  /** How many wait, and since when. */
  #count() {
    this.queue = { n: 0, first: '' };
    for (const { waiting_since: since } of this.inbox.rows) {
      if (since) this.queue.n++;
      if (since && (!this.queue.first || since < this.queue.first)) this.queue.first = since;
    }
  }

  /** Who has waited longest, beside the heading. */
  #longest() {
    const { n, first } = this.queue;
    const text = n ? say('longest', { n, time: elapsed(first, words) }) : '';
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
    const { marked, drafts, openId } = this.inbox;
    return JSON.stringify([row, row.id === openId, briefly(row.last_at, lang), marked.on && marked.ids.has(row.id), marked.on, drafts.begun.has(row.id), (row.tags ?? []).map(colourOf)]);
  }

  /** @param {Row} row */
  #row(row) {
    const { me, openId, marked, drafts } = this.inbox;
    const open = row.id === openId;
    const { unread } = row;
    const name = nameOf(row);
    const mine = row.agent?.id === me.id;
    const chips = [
      h('span', { class: 'tag' }, channelWord(row.channel)),
      row.due && promised(row.due),
      row.priority ? h('span', { class: `chip level${row.priority}` }, words[`priority.${row.priority}`]) : null,
      row.waiting_since && (!row.due || row.due.kind === 'resolve') && waited(row.waiting_since),
      row.score ? starred(row.score) : null,
      row.status === 'resolved' && h('span', { class: 'chip' }, words.resolvedWord),
      row.snoozed && h('span', { class: 'chip' }, row.snoozed_until ? say('sleepsUntil', { time: briefly(row.snoozed_until, lang) }) : words.snoozedWord),
      row.blocked && h('span', { class: 'chip' }, words.blockedWord),
      ...(row.tags ?? []).map((tag) => h('span', { class: `chip tagged ${colourOf(tag)}` }, tag)),
      row.agent && !mine && h('span', { class: 'chip' }, row.agent.name),
      !row.agent && row.status === 'open' && this.inbox.view !== 'unassigned' && h('span', { class: 'chip' }, words.nobody),
      row.team && h('span', { class: 'chip' }, row.team),
    ];
    const by = { agent: words.byAgent, bot: words.byBot, note: words.byNote }[row.preview_by];
    const badge = unread > 0 && h('span', { class: 'badge' }, unread > 99 ? '99+' : String(unread), h('span', { class: 'vh' }, ` ${words.unread}`));
    const chosen = marked.ids.has(row.id);
    const box = marked.on && h('span', { class: chosen ? 'box on' : 'box', 'aria-hidden': 'true' }, chosen ? icon(ICONS.done, 16) : null);
    const written = drafts.begun.has(row.id) && !open && h('span', { class: 'begun' }, words.draftWord);
    const link = h('a', { href: `#/c/${row.id}`, 'aria-current': open ? 'true' : null },
      box || avatar(name, row.customer.id), chosen && h('span', { class: 'vh' }, words.markedWord),
      h('span', { class: 'top' }, h('span', { class: unread ? 'name new' : 'name', dir: 'auto' }, name), h('time', { datetime: row.last_at }, briefly(row.last_at, lang))),
      h('span', { class: 'middle' }, written, h('span', { class: 'preview', dir: 'auto' }, by ? `${by}${row.preview}` : row.preview), badge),
      h('span', { class: 'chips' }, ...chips));
    return h('li', {}, link);
  }

  /** Mark a row instead of opening it: with ctrl, cmd or shift, or while marking. @param {MouseEvent} event */
  #mark(event) {
    const { marked, rows } = this.inbox;
    const id = /** @type {HTMLElement} */ (event.target).closest('li')?.dataset.key;
    const many = event.ctrlKey || event.metaKey;
    if (!id || !(marked.on || many || event.shiftKey)) return;
    event.preventDefault();
    if (event.shiftKey) marked.range(id, rows.map((row) => row.id));
    else marked.toggle(id);
  }

  /** Mark the row with the focus, else the open one. */
  markThis() {
    const { marked, openId } = this.inbox;
    const id = document.activeElement?.closest('li')?.dataset.key ?? openId;
    if (id) marked.toggle(id);
  }

  /** @param {number} step to the next or the previous conversation */
  move(step) {
    const { rows, openId } = this.inbox;
    const at = rows.findIndex((row) => row.id === openId);
    const to = Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step));
    if (!rows[to]) return;
    location.hash = `#/c/${rows[to].id}`;
    this.seen?.reveal(to);
  }
}

/**
 * A customer's initial on a colour of their own.
 * @param {string} name @param {string} id
 */
export function avatar(name, id) {
  const hue = [...id].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 6, 7);
  return h('span', { class: `avatar hue${hue}`, 'aria-hidden': 'true' }, [...name.trim()][0]?.toLocaleUpperCase() ?? '?');
}

customElements.define('fd-list', List);
