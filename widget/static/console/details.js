/**
 * The panel beside a conversation: who the customer is, where they write from, what was said before.
 * @module
 */

import { fill, h, icon } from '../shared/dom.js';
import { safe } from '../shared/parts.js';
import { dayOf, timeOf } from '../shared/when.js';
import { briefly } from './ago.js';
import { get } from './api.js';
import { titled } from './bench.js';
import { ICONS } from './icons.js';
import { avatar } from './list.js';
import { askMerge, linksOf } from './merge.js';
import { stars } from './stars.js';
import { channelWord, lang, nameOf, say, words } from './words.js';

export class Details extends HTMLElement {
  /** @param {import('./inbox.js').Inbox} inbox @param {() => void} close */
  constructor(inbox, close) {
    super();
    this.inbox = inbox;
    this.close = close;
    /** @type {{id: string, identities: any[], links: import('./merge.js').Link[], conversations: Row[]} | null} the customer over all channels */
    this.whole = null;
  }

  connectedCallback() {
    this.setAttribute('role', 'region');
    this.setAttribute('aria-label', words.details);
    this.inbox.addEventListener('detail', () => this.#draw());
    this.#draw();
  }

  #draw() {
    const { detail } = this.inbox;
    this.hidden = !detail;
    if (!detail) return;
    const name = nameOf(detail);
    if (this.whole?.id !== detail.customer.id) {
      this.whole = null;
      this.renew();
    }
    const back = h('button', { class: 'plain back', type: 'button', 'aria-label': words.back, onclick: () => this.close() }, icon(ICONS.back));
    const head = h('div', { class: 'head' }, back, avatar(name, detail.customer.id), h('div', { class: 'names' }, h('h2', { dir: 'auto' }, name), h('p', {}, channelWord(detail.channel))));
    fill(this, head, this.#links(detail), this.#contact(detail), this.#attributes(detail), this.#matter(detail), this.#rated(detail), this.#identities(detail), this.#history(detail));
  }

  /** Ask who the customer is over all channels, again. */
  async renew() {
    const { detail } = this.inbox;
    if (!detail) return;
    const id = detail.customer.id;
    const found = await get(`/customers/${id}`).catch(() => null);
    if (!found || this.inbox.detail?.customer.id !== id) return;
    this.whole = found;
    this.inbox.detail.history = found.conversations.filter((/** @type {{id: string}} */ one) => one.id !== this.inbox.openId);
    this.#draw();
  }

  /** @param {Detail} detail pages of one's own about this customer */
  #links({ links = [] }) {
    const rows = links.filter((one) => safe(one.url)).map((one) => h('li', {}, h('a', { href: one.url, target: '_blank', rel: 'noopener noreferrer' }, icon(ICONS.page, 16), titled(one.title))));
    return rows.length ? section(words.ownPages, h('ul', { class: 'pages' }, ...rows)) : null;
  }

  /** @param {Detail} detail */
  #contact({ profile }) {
    const page = safe(profile.page ?? '');
    const rows = [
      profile.email && fact(words.email, link(`mailto:${profile.email}`, profile.email)),
      profile.phone && fact(words.phone, link(`tel:${profile.phone}`, profile.phone)),
      profile.username && fact(words.username, profile.username),
      profile.locale && fact(words.language, languageName(profile.locale)),
      profile.page && fact(words.page, page ? link(page, page.replace(/^https?:\/\//, '')) : profile.page),
      profile.came_by && fact(words.cameBy, profile.came_by),
      profile.agreed && fact(words.agreed, `${dayOf(profile.agreed, lang)} ${timeOf(profile.agreed, lang)}`),
    ].filter((row) => row);
    return section(words.profile, rows.length ? h('dl', {}, .../** @type {HTMLElement[]} */ (rows)) : h('p', { class: 'quiet' }, words.noProfile));
  }

  /** What the site or the app says of its own. @param {Detail} detail */
  #attributes({ attributes = {} }) {
    const rows = Object.entries(attributes).map(([name, value]) => {
      const url = /^https?:/.test(value) && safe(value);
      return fact(name, url ? link(url, value.replace(/^https?:\/\//, '')) : value);
    });
    return rows.length ? section(words.attributes, h('dl', { class: 'attributes' }, ...rows)) : null;
  }

  /** @param {Detail} detail */
  #matter(detail) {
    const began = `${dayOf(detail.created_at, lang)} ${timeOf(detail.created_at, lang)}`;
    const rows = [
      fact(words.status, detail.status === 'open' ? words.openWord : words.resolvedWord),
      fact(words.assigned, detail.agent?.name || words.nobody),
      !detail.agent && detail.waits_for ? fact(words.waitsFor, words[`why.${detail.waits_for}`] ?? detail.waits_for) : null,
      detail.team && fact(words.team, detail.team),
      detail.priority ? fact(words.priority, words[`priority.${detail.priority}`]) : null,
      detail.snoozed_until ? fact(words.snoozedWord, `${dayOf(detail.snoozed_until, lang)} ${timeOf(detail.snoozed_until, lang)}`) : null,
      detail.tags?.length ? fact(words.tags, detail.tags.join(' · ')) : null,
      detail.due ? fact(words[`due.${detail.due.kind}`], say('dueBy', { time: `${dayOf(detail.due.at, lang)} ${timeOf(detail.due.at, lang)}` })) : null,
      fact(words.began, began),
    ];
    return section(words.matter, h('dl', {}, ...rows.filter((row) => row)));
  }

  /** What the customer thought of it. @param {Detail} detail */
  #rated({ rating }) {
    if (!rating) return null;
    if (!rating.score) return section(words.rating, h('p', { class: 'quiet' }, words.ratingAsked));
    return section(words.rating, h('div', { class: 'rated' }, stars(rating.score), rating.comment ? h('blockquote', { dir: 'auto' }, rating.comment) : null));
  }

  /** @param {Detail} detail */
  #identities({ identities }) {
    const rows = (this.whole?.identities ?? identities).map((one) => fact(channelWord(one.channel), h('code', {}, one.address ?? one.external_id ?? '')));
    const merged = linksOf(this.whole?.links ?? [], this.inbox, () => this.renew());
    const more = h('button', { class: 'second merge', type: 'button', onclick: () => askMerge(this.inbox, () => this.renew()) }, words.merge);
    return section(words.identities, h('div', {}, h('dl', {}, ...rows), merged.length ? h('ul', { class: 'merged' }, ...merged) : null, more));
  }

  /** @param {Detail} detail */
  #history(detail) {
    const { history } = detail;
    if (!history.length) return section(words.past, h('p', { class: 'quiet' }, words.noPast));
    const rows = history.map((row) =>
      h('li', {}, h('a', { href: `#/c/${row.id}` },
        h('span', { class: 'when' }, `${channelWord(row.channel)} · ${briefly(row.last_at, lang)}`),
        h('span', { class: 'what', dir: 'auto' }, row.preview || '—'), row.status === 'open' ? h('span', { class: 'chip' }, words.openWord) : null)));
    return section(words.past, h('ul', { class: 'past' }, ...rows));
  }
}

/** @param {string} title @param {HTMLElement} body */
const section = (title, body) => h('section', {}, h('h3', {}, title), body);

/** @param {string} label @param {Node | string} value */
const fact = (label, value) => h('div', {}, h('dt', {}, label), h('dd', { dir: 'auto' }, value));

/** @param {string} href @param {string} text */
const link = (href, text) => h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, text);

/** @param {string} code */
function languageName(code) {
  try {
    return new Intl.DisplayNames(lang, { type: 'language' }).of(code.replace('_', '-')) ?? code;
  } catch {
    return code;
  }
}

customElements.define('fd-details', Details);
