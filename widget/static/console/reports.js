/**
 * Reports: figures of a period, day by day and by channel, team and agent; each number opens its conversations.
 * @module
 */

import { fill, h } from '../shared/dom.js';
import { get } from './api.js';
import { Chart } from './chart.js';
import { button, choice, reason, section, table } from './forms.js';
import { channelWord, lang, say, words } from './words.js';

/** @typedef {{median: number, p90: number}} Spread */
/** @typedef {{opened: number, answered: number, resolved: number, rated: number, failed: number, first: Spread | null, resolution: Spread | null, score: number | null}} Figures */
/** @typedef {Figures & {id: string, name: string}} Part */
/** @typedef {{since: string, until: string, zone: string, business_hours: boolean, behind: number, total: Figures, days: (Figures & {day: string})[], channels: Part[], teams: Part[], agents: Part[], open: number, waiting: number, delays: {name: string, median: number, p90: number}[]}} Report */

const NUMBER = new Intl.NumberFormat(lang);
const DAY = new Intl.DateTimeFormat(lang, { month: 'numeric', day: 'numeric', timeZone: 'UTC' });
const WHEN = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'short' });

/** How long something took, in one unit. @param {number | undefined} seconds */
function took(seconds) {
  if (seconds === undefined) return words.none;
  if (seconds < 90) return say('seconds', { n: NUMBER.format(Math.round(seconds * 10) / 10) });
  if (seconds < 5400) return say('minutes', { n: NUMBER.format(Math.round(seconds / 60)) });
  return say('hoursN', { n: NUMBER.format(Math.round(seconds / 360) / 10) });
}

export class Reports extends HTMLElement {
  /** @param {Me} me */
  constructor(me) {
    super();
    this.me = me;
    this.days = choice(words.period, [['7', words.last7], ['30', words.last30], ['90', words.last90]], '30');
    this.channel = choice(words.channel, [['*', words.everyChannel]]);
    this.team = choice(words.team, [['*', words.everyTeam], ['', words.noTeam], ...me.teams.map((name) => /** @type {[string, string]} */ ([name, name]))]);
    this.agent = choice(words.agent, [['*', words.everyAgent], ['', words.noAgent]]);
    this.shown = h('div', { 'aria-live': 'polite' });
    this.csv = h('a', { class: 'second', download: '' }, words.download);
    const asked = [this.days, this.channel, this.team, this.agent];
    for (const { input } of asked) input.addEventListener('change', () => this.load());
    this.append(h('div', { class: 'asking' }, ...asked.map(({ box }) => box), this.csv), this.shown);
    this.#names();
    this.load();
  }

  async #names() {
    const found = await get('/agents').catch(() => ({ items: [] }));
    for (const one of found.items) this.agent.input.append(h('option', { value: one.id }, one.name));
  }

  /** What is asked for, as the address has it. @param {Record<string, string>} [more] @returns {URLSearchParams} */
  #query(more = {}) {
    const until = new Date();
    const since = new Date(until.getTime() - (Number(this.days.input.value) - 1) * 86_400_000);
    const zone = { timeZone: this.report?.zone };
    const iso = (/** @type {Date} */ at) => new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', ...zone }).format(at);
    const asked = new URLSearchParams({ since: iso(since), until: iso(until), ...more });
    for (const name of /** @type {const} */ (['channel', 'team', 'agent'])) {
      if (this[name].input.value !== '*' && !asked.has(name)) asked.set(name, this[name].input.value);
    }
    return asked;
  }

  async load() {
    this.shown.setAttribute('aria-busy', 'true');
    try {
      const first = !this.report;
      this.report = /** @type {Report} */ (await get(`/reports?${this.#query()}`));
      if (first) {
        for (const { id } of this.report.channels) this.channel.input.append(h('option', { value: id }, channelWord(id)));
      }
      this.csv.setAttribute('href', `/console/api/reports/csv?${this.#query()}`);
      this.#show(this.report);
    } catch (error) {
      fill(this.shown, h('p', { class: 'problem', role: 'alert' }, reason(error)));
    }
    this.shown.removeAttribute('aria-busy');
  }

  /** @param {Report} report */
  #show(report) {
    const { total, days } = report;
    const half = (/** @type {string} */ name, /** @type {Spread | null} */ spread, /** @type {string} */ measure) =>
      this.#tile(name, took(spread?.median), spread ? `${words.median} · ${say('p90', { time: took(spread.p90) })}` : words.nothingYet, measure);
    const slow = report.delays.length ? report.delays.reduce((a, b) => (a.p90 > b.p90 ? a : b)) : undefined;
    const tiles = h('div', { class: 'tiles' },
      this.#tile(words['m.opened'], NUMBER.format(total.opened), '', 'opened'),
      half(words['m.first'], total.first, 'answered'),
      half(words['m.resolution'], total.resolution, 'resolved'),
      this.#tile(words['m.rated'], total.score === null ? words.none : say('scoreOf', { score: NUMBER.format(total.score) }),
        total.rated ? say('ofAnswers', { n: total.rated }) : words.nothingYet, 'rated'),
      this.#tile(words['m.waiting'], NUMBER.format(report.waiting), `${words['m.open']}: ${NUMBER.format(report.open)}`, 'waiting'),
      this.#tile(words['m.failed'], NUMBER.format(total.failed),
        slow ? `${words['m.delay']} ${took(slow.median)} · ${say('p90', { time: took(slow.p90) })}` : '', 'failed'));
    const bars = days.map((day) => ({
      label: dayWord(day.day), values: [day.opened, day.resolved],
      title: `${dayWord(day.day)}: ${words['m.opened']} ${day.opened}, ${words['m.resolved']} ${day.resolved}`,
    }));
    const first = days.map((day) => ({
      label: dayWord(day.day), values: [day.first?.median ?? 0], title: `${dayWord(day.day)}: ${words['m.first']} ${took(day.first?.median)}`,
    }));
    const about = (/** @type {string} */ what) => say('chartOf', { what });
    fill(this.shown,
      report.behind > 5000 && h('p', { class: 'quiet' }, say('behind', { n: NUMBER.format(report.behind) })),
      tiles,
      section(words.byDay,
        new Chart(about(`${words['m.opened']}, ${words['m.resolved']}`), [words['m.opened'], words['m.resolved']], bars, (n) => NUMBER.format(n)),
        h('h4', {}, `${words['m.first']} (${words.median})`), new Chart(about(words['m.first']), [words['m.first']], first, took, true),
        h('details', {}, h('summary', {}, words.tableOfDays), this.#table(words.byDay, words.day, days, (day) => dayWord(day.day), (day) => ({ since: day.day, until: day.day })))),
      section(words.byChannel, this.#table(words.byChannel, words.channel, report.channels, (one) => channelWord(one.id), (one) => ({ channel: one.id }))),
      section(words.byTeam, this.#table(words.byTeam, words.team, report.teams, (one) => one.name || words.noTeam, (one) => ({ team: one.id }))),
      section(words.byAgent, this.#table(words.byAgent, words.agent, report.agents, (one) => one.name || words.noAgent, (one) => ({ agent: one.id }))),
      h('p', { class: 'quiet' }, say(report.business_hours ? 'inHours' : 'wall', { zone: report.zone })));
  }

  /** @param {string} name @param {string} value @param {string} more @param {string} measure */
  #tile(name, value, more, measure) {
    const open = () => this.#list(name, measure, {});
    return h('button', { class: 'tile', type: 'button', onclick: open }, h('span', {}, name), h('b', {}, value), h('small', {}, more));
  }

  /**
   * @template {Figures} T
   * @param {string} about @param {string} head @param {T[]} rows @param {(row: T) => string} name @param {(row: T) => Record<string, string>} narrowed
   */
  #table(about, head, rows, name, narrowed) {
    const heads = [head, words['m.opened'], words['m.first'], words['m.resolved'], words['m.resolution'], words['m.rated'], words['m.failed']];
    const link = (/** @type {T} */ row, /** @type {string} */ measure, /** @type {string} */ text) => h('button', {
      class: 'number', type: 'button', 'aria-label': `${name(row)}, ${words[`m.${measure}`]}: ${text}`, onclick: () => this.#list(`${name(row)} · ${words[`m.${measure}`]}`, measure, narrowed(row)),
    }, text);
    return table(about, heads, rows.map((row) => [
      name(row), link(row, 'opened', NUMBER.format(row.opened)), link(row, 'answered', took(row.first?.median)),
      link(row, 'resolved', NUMBER.format(row.resolved)), took(row.resolution?.median),
      link(row, 'rated', row.score === null ? words.none : NUMBER.format(row.score)), link(row, 'failed', NUMBER.format(row.failed)),
    ]));
  }

  /** The conversations behind a number. @param {string} what @param {string} measure @param {Record<string, string>} narrowed */
  #list(what, measure, narrowed) {
    const rows = h('ul', { class: 'lines' });
    const close = button(words.close, async () => sheet.close());
    const more = button(words.more, async () => next());
    const sheet = h('dialog', { class: 'sheet wide-sheet', 'aria-label': say('theirConversations', { what }) },
      h('div', { class: 'head' }, h('h2', {}, what), close), rows, more);
    let cursor = '';
    const next = async () => {
      const found = await get(`/reports/conversations?${this.#query({ ...narrowed, measure, ...(cursor && { cursor }) })}`);
      for (const row of /** @type {Row[]} */ (found.items)) {
        const facts = [channelWord(row.channel), row.agent?.name || words.noAgent, WHEN.format(Date.parse(row.created_at))].join(' · ');
        const link = h('a', { href: `#/c/${row.id}`, onclick: () => sheet.close() }, h('b', {}, row.customer.name || row.id.slice(-6)), h('span', { class: 'quiet' }, facts));
        rows.append(h('li', {}, link));
      }
      if (!rows.childElementCount) rows.append(h('li', { class: 'quiet' }, words.nothingYet));
      cursor = found.next ?? '';
      more.hidden = !cursor;
    };
    sheet.addEventListener('close', () => sheet.remove());
    document.body.append(sheet);
    sheet.showModal();
    next().catch((error) => fill(rows, h('li', { class: 'problem' }, reason(error))));
  }
}

/** @param {string} day */
function dayWord(day) {
  return DAY.format(Date.parse(day));
}

customElements.define('fd-reports', Reports);
