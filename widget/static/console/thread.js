/**
 * The open conversation: its head with what can be done, its entries, the composer.
 * @module
 */

import { below } from './translation.js';
import { anchored, fill, follow, h, icon } from '../shared/dom.js';
import { options, show } from '../shared/parts.js';
import { timeOf } from '../shared/when.js';
import { get } from './api.js';
import { promised, waited } from './clocks.js';
import { Composer } from './composer.js';
import { shownOf } from './entries.js';
import { ICONS } from './icons.js';
import { askHandover, snoozes } from './asks.js';
import { bench, loadBench, loadOf } from './bench.js';
import { Joined } from './joined.js';
import { enlarging } from './lightbox.js';
import { limited } from './limit.js';
import { menu, unfold } from './menu.js';
import { stars } from './stars.js';
import { channelWord, explain, lang, nameOf, say, words } from './words.js';

export class Thread extends HTMLElement {
  /** @param {import('./inbox.js').Inbox} inbox @param {{back: () => void, details: () => void, more: () => import('./menu.js').Choice[]}} ways */
  constructor(inbox, ways) {
    super();
    this.inbox = inbox;
    this.ways = ways;
    this.shownId = '';
    this.stamp = '';
  }

  connectedCallback() {
    const { inbox } = this;
    this.head = h('div', { class: 'head' });
    this.clocks = h('div', { class: 'clocks' });
    this.bar = h('div', { class: 'bar', role: 'status' });
    this.limit = h('div', { class: 'limit', role: 'status' });
    this.here = h('span', { class: 'here', role: 'status' });
    this.earlier = h('button', { class: 'earlier', type: 'button', onclick: () => inbox.earlier() }, words.earlier);
    this.list = h('div', { class: 'entries', role: 'log', 'aria-label': words.conversation, 'aria-live': 'polite' });
    enlarging(this.list);
    this.view = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': words.conversation }, this.earlier, this.list);
    this.low = anchored(this.view, 60);
    this.newer = h('button', { class: 'newer', type: 'button', hidden: true, onclick: () => this.#bottom() }, words.newer);
    this.view.addEventListener('scroll', () => this.#low() && this.newer?.setAttribute('hidden', ''), { passive: true });
    this.composer = new Composer(inbox);
    this.blank = h('div', { class: 'nothing' }, icon(ICONS.inbox, 34), h('p', {}, words.choose), h('p', { class: 'quiet' }, words.chooseHint));
    this.replaceChildren(this.blank, this.head, this.clocks, this.bar, new Joined(inbox), this.view, h('div', { class: 'float' }, this.newer), this.limit, this.composer);
    inbox.addEventListener('thread', () => this.#soon());
    inbox.addEventListener('line', () => this.#soon());
    addEventListener('online', () => this.#soon());
    addEventListener('offline', () => this.#soon());
    this.#draw();
  }

  #soon() {
    cancelAnimationFrame(this.frame ?? 0);
    if (document.visibilityState === 'hidden') this.#draw();
    else this.frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const { inbox, view: scroll, list } = this;
    if (!scroll || !list) return;
    const { detail } = inbox;
    this.classList.toggle('blank', !inbox.openId);
    this.classList.toggle('waits', Boolean(inbox.openId) && !detail);
    this.#trouble();
    if (!detail) {
      list.replaceChildren();
      this.stamp = this.shownId = '';
      fill(/** @type {HTMLElement} */ (this.head), h('h2', {}, inbox.openId ? words.loading : ''));
      return;
    }
    const other = this.shownId !== detail.id;
    const low = other || this.#low();
    const before = scroll.scrollHeight - scroll.scrollTop;
    const oldest = list.firstElementChild?.getAttribute('data-key');
    this.#header(detail);
    if (this.limit) limited(this.limit, detail);
    this.#promises(detail);
    this.#watched();
    follow(list, shownOf(inbox, lang), (one) => one.key, stampOf, (one) => this.#make(one));
    if (this.earlier) this.earlier.hidden = !inbox.older;
    if (other) this.composer?.take(detail);
    this.shownId = detail.id;
    if (low) this.#bottom();
    else if (oldest !== list.firstElementChild?.getAttribute('data-key')) scroll.scrollTop = scroll.scrollHeight - before;
    else this.newer?.removeAttribute('hidden');
    this.#tick();
  }

  /** Count down what can be taken back, and the time that the channel leaves. */
  #tick() {
    clearTimeout(this.timer);
    const { sender, detail } = this.inbox;
    const running = [...sender.undoable.keys()].some((id) => sender.left(id));
    if (running || detail?.window?.open) this.timer = setTimeout(() => this.#draw(), running ? 500 : 20_000);
  }

  /** Who else has this conversation open. */
  #watched() {
    const { here, inbox } = this;
    const names = inbox.company.names(inbox.openId);
    const text = names.length ? say('alsoHere', { names: names.join(lang === 'en' ? ', ' : '、') }) : '';
    if (here && here.title !== text) {
      here.title = text;
      fill(here, text ? icon(ICONS.eye, 14) : null, text ? h('span', {}, text) : null);
    }
  }

  /** Show one entry and mark it for a moment. @param {number} n */
  point(n) {
    const shown = shownOf(this.inbox, lang).find((one) => one.ev && one.ev.n >= n);
    const node = shown && this.list?.querySelector(`[data-key="${CSS.escape(shown.key)}"]`);
    if (!node) return;
    node.scrollIntoView({ block: 'center' });
    this.view?.dispatchEvent(new Event('scroll')); // by itself it comes a frame later: what grows until then would scroll to the end
    node.classList.add('found');
    setTimeout(() => node.classList.remove('found'), 3000);
  }

  /** Ask until when this conversation shall sleep, at its button; where there is no room for that, at the three dots. */
  sleep() {
    const { inbox, head } = this;
    const at = (/** @type {string} */ name) => /** @type {HTMLButtonElement | null | undefined} */ (head?.querySelector(`button.${name}`));
    const button = [at('snooze'), at('more')].find((one) => one?.checkVisibility());
    if (button) unfold(button, snoozes((...steps) => inbox.apply(...steps), Boolean(inbox.detail?.snoozed)));
  }

  /** Open the menu of what else can be done. */
  more() {
    /** @type {HTMLElement | null | undefined} */ (this.head?.querySelector('button.more'))?.click();
  }

  /** What stands in the way, or who else is writing here. */
  #trouble() {
    const { inbox, bar } = this;
    const { by: fresh = null, text: unsent = '' } = inbox.company.writer(inbox.openId) ?? {};
    const { state } = inbox.line;
    const lost = !navigator.onLine ? words.offline : state === 'waiting' || state === 'refused' ? words.reconnecting : '';
    const named = fresh?.name || (inbox.detail ? nameOf(inbox.detail) : '');
    const key = fresh?.kind === 'agent' ? 'colleagueTypes' : unsent ? 'customerWrites' : 'customerTypes';
    const text = lost || (fresh && say(key, { name: named, text: unsent })) || '';
    bar?.classList.toggle('calm', !lost && fresh?.kind !== 'agent');
    if (bar && bar.textContent !== text) bar.textContent = text;
  }

  /** How long the customer has waited, and what was promised. @param {Detail} detail */
  #promises({ status, waiting_since: since, due }) {
    const { clocks } = this;
    const stamp = status === 'open' ? JSON.stringify([since, due]) : '';
    if (!clocks || clocks.dataset.stamp === stamp) return;
    clocks.dataset.stamp = stamp;
    fill(clocks, status === 'open' && since ? waited(since, true) : null, status === 'open' && due ? promised(due, true) : null);
  }

  /** @param {Detail} detail */
  #header(detail) {
    const { inbox, ways, head } = this;
    const stamp = JSON.stringify([detail.id, detail.agent, detail.status, detail.customer.name, inbox.agents.length, detail.snoozed, detail.priority, detail.blocked]);
    if (!head || stamp === this.stamp) return;
    this.stamp = stamp;
    const open = detail.status === 'open';
    const back = h('button', { class: 'plain back', type: 'button', 'aria-label': words.back, onclick: ways.back }, icon(ICONS.back));
    const name = h('div', { class: 'names' }, h('h2', { dir: 'auto' }, nameOf(detail)), h('span', { class: 'tag' }, channelWord(detail.channel)),
      detail.priority ? h('span', { class: `chip level${detail.priority}` }, words[`priority.${detail.priority}`]) : null,
      detail.blocked && h('span', { class: 'chip level3' }, words.blockedWord), this.here);
    const owner = detail.agent ? detail.agent.name : words.assign;
    const assign = h('button', { class: 'second assign', type: 'button', 'aria-keyshortcuts': 't', 'aria-label': `${words.assign}: ${detail.agent?.name ?? words.nobody}` },
      icon(ICONS.assign, 18), h('span', {}, owner), icon(ICONS.down, 14));
    menu(assign, () => this.#people(detail));
    const nap = h('button', { class: 'second snooze', type: 'button', 'aria-label': words.snooze, 'aria-keyshortcuts': 'z' },
      icon(ICONS.waiting, 18), h('span', {}, detail.snoozed ? words.snoozedWord : words.snooze));
    menu(nap, () => snoozes((...steps) => inbox.apply(...steps), Boolean(detail.snoozed)));
    const more = menu(h('button', { class: 'plain more', type: 'button', 'aria-label': words.more }, icon(ICONS.more)), ways.more);
    const act = () => inbox.act(open ? 'resolve' : 'reopen');
    const settle = h('button', { class: open ? 'primary' : 'second', type: 'button', onclick: act, 'aria-keyshortcuts': 'e' },
      icon(open ? ICONS.done : ICONS.reopen, 18), h('span', {}, open ? words.resolve : words.reopen), h('kbd', { 'aria-hidden': 'true' }, 'E'));
    const info = h('button', { class: 'plain info', type: 'button', 'aria-label': words.details, onclick: ways.details }, icon(ICONS.info));
    fill(head, back, name, assign, open ? nap : null, settle, more, info);
  }

  /** @param {Detail} detail @returns {import('./menu.js').Choice[]} */
  #people(detail) {
    const { inbox } = this;
    const all = [...inbox.agents].sort((a, b) => Number(b.id === inbox.me.id) - Number(a.id === inbox.me.id));
    const people = all.map((one) => ({
      label: one.id === inbox.me.id ? words.me : one.name,
      dot: one.state === 'present' ? 'on' : 'off',
      hint: [words[one.state], loadOf(one.id)].filter(Boolean).join(' · '),
      chosen: detail.agent?.id === one.id,
      run: () => void inbox.act('assign', { agent: one.id }),
    }));
    loadBench();
    const teams = bench.teams.map((team, i) => ({ label: team, hint: words.team, apart: i === 0, run: () => void inbox.apply({ assign: { team } }) }));
    const comment = { label: words.handOverWith, apart: true, run: () => void askHandover((...steps) => inbox.apply(...steps), inbox) };
    const nobody = { label: words.giveBack, run: () => void inbox.act('assign', { agent: '' }), apart: true };
    return [...people, ...teams, comment, ...(detail.agent ? [nobody] : [])];
  }

  /** @param {import('./entries.js').Shown} one @returns {HTMLElement} */
  #make(one) {
    if (one.kind === 'day') return h('div', { class: 'day' }, h('span', {}, one.text));
    if (one.kind === 'line') return h('div', { class: 'line' }, `${one.text} · ${timeOf(one.at, lang)}`);
    const { inbox } = this;
    const setting = { words, base: location.origin, fresh: one.ev && (() => this.#fresh(one)) };
    const customer = one.who === 'customer';
    const name = customer ? one.by.name || nameOf(/** @type {Detail} */ (inbox.detail)) : one.by.id === inbox.me.id ? words.you : one.by.kind === 'bot' ? words.bot : one.by.name || words.bot;
    const label = one.kind === 'note' && h('strong', { class: 'label' }, words.noteLabel);
    const offered = one.parts.filter((part) => part.type === 'choices' || part.type === 'card').flatMap((part) => part.options ?? []);
    const quoted = one.quoted && h('p', { class: 'quoted', dir: 'auto' }, one.quoted);
    const bubble = h('div', { class: one.gone ? 'bubble gone' : 'bubble' }, label, quoted, one.rating ? stars(one.rating) : null, ...one.parts.map((part) => show(part, setting)),
      offered.length ? options(offered, setting) : null, one.gone ? h('p', { class: 'odd' }, words.takenBack) : below(one.translation, customer));
    bubble.classList.toggle('album', (one.pieces?.length ?? 0) > 1);
    if (one.signs) bubble.append(h('span', { class: 'signs', role: 'img', 'aria-label': say('signs', { signs: one.signs }) }, one.signs));
    const { ev } = one;
    const answer = ev && one.kind === 'said' && !one.gone && h('button', { class: 'answer', type: 'button', 'aria-label': words.quote, title: `${words.quote} (Q)`, onclick: () => this.composer?.answer(ev) }, icon(ICONS.quote, 16));
    const row = h('div', { class: 'row' }, h('span', { class: 'vh' }, `${name}: `), h('div', { class: 'said' }, bubble, answer), this.#meta(one, name));
    row.classList.add(one.kind === 'note' ? 'note' : one.who);
    row.classList.toggle('first', one.first);
    row.classList.toggle('last', one.last);
    return row;
  }

  /** @param {import('./entries.js').Shown} one @param {string} name */
  #meta(one, name) {
    const { inbox } = this;
    const { unsent, delivery } = one;
    if (unsent?.failed) return this.#unsent(unsent);
    if (one.undo && !one.gone) return this.#undoable(one);
    if (delivery && (one.state === 'failed' || one.state === 'unknown')) {
      const again = h('button', { type: 'button', onclick: () => inbox.resend(delivery.delivery) }, words.resend);
      const text = one.state === 'failed' ? say('notDelivered', { reason: explain(delivery.reason) || words.noReason }) : words.unknownFate;
      return h('div', { class: `meta ${one.state}` }, text, again);
    }
    if (one.state === 'sent' && delivery?.reason) return h('div', { class: 'meta' }, delivery.reason);
    if (one.state === 'held' || one.state === 'delayed') {
      return h('div', { class: 'meta unknown' }, [words[`state.${one.state}`], explain(delivery?.reason ?? '')].filter(Boolean).join(' · '));
    }
    if (!one.last) return null;
    const state = one.kind === 'note' ? words.onlyTeam : one.who === 'customer' ? '' : words[`state.${one.state}`];
    return h('div', { class: 'meta' }, [name, timeOf(one.at, lang), one.via && say('via', { channel: channelWord(one.via) }), one.edited && words.edited, state].filter(Boolean).join(' · '));
  }

  /** @param {import('./entries.js').Shown} one */
  #undoable(one) {
    const { inbox } = this;
    const id = one.ev?.id ?? one.unsent?.id ?? '';
    const back = async () => {
      const text = one.parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n').trim();
      await inbox.sender.undo(inbox.openId, id).then(() => text && this.composer?.restore({ id, at: '', c: inbox.openId, kind: 'reply', parts: [], text }), (error) => inbox.complain(error));
    };
    return h('div', { class: 'meta' }, words['state.sending'], h('button', { class: 'undo', type: 'button', onclick: back }, say('undo', { n: one.undo ?? 0 })));
  }

  /** @param {Unsent} unsent */
  #unsent(unsent) {
    const { sender } = this.inbox;
    const stale = unsent.failed === 'stale';
    const text = stale ? words.stale : say('notSent', { reason: words[`error.${unsent.failed}`] ?? unsent.failed ?? '' });
    const again = h('button', { type: 'button', onclick: () => sender.retry(unsent, stale) }, stale ? words.sendAnyway : words.retry);
    const edit = () => {
      sender.drop(unsent);
      this.composer?.restore(unsent);
    };
    const back = h('button', { type: 'button', onclick: edit }, words.takeBack);
    return h('div', { class: stale ? 'meta unknown' : 'meta failed' }, text, again, back);
  }

  /** @param {import('./entries.js').Shown} one */
  async #fresh(one) {
    const page = await get(`/conversations/${this.inbox.openId}/entries?limit=1&before=${(one.ev?.n ?? 0) + 1}`);
    return /** @type {Part[]} */ (page.items[0]?.d.parts ?? []);
  }

  #low() {
    return this.low?.() ?? true;
  }

  #bottom() {
    if (this.view) this.view.scrollTop = this.view.scrollHeight;
    this.newer?.setAttribute('hidden', '');
  }
}

/** @param {import('./entries.js').Shown} one */
function stampOf({ kind, text, parts, state, delivery, unsent, first, last, edited, gone, by, ev, signs, quoted, undo, translation }) {
  return JSON.stringify([kind, text, parts, state, delivery, unsent?.failed, first, last, edited, gone, by.name, Boolean(ev), signs, quoted, undo, translation]);
}

customElements.define('fd-thread', Thread);
