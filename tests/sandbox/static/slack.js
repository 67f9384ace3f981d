/**
 * The agents' Slack: `<sandbox-slack>`, a channel of cards, the thread that is open, and modals.
 * @module
 */
import { blocks, menu, values } from './blocks.js';
import { composer, draw, h } from './dom.js';
import { act, asked } from './hub.js';
import { emoji, mrkdwn } from './mrkdwn.js';
import { replies, t } from './words.js';

export class Slack extends HTMLElement {
  constructor() {
    super();
    this.channel = h('div', { class: 'log', tabindex: 0 });
    this.log = h('div', { class: 'log', role: 'log', tabindex: 0 });
    this.dialog = h('dialog', { class: 'modal' });
    this.who = h('select', { 'data-field': 'who' });
    this.open = '';
    this.by = 'U1ANNA';
    this.known = 0;
    /** @type {any} */
    this.state = { threads: [], alone: [], people: [], view: null, errors: {} };
    this.seen = '';
    this.modal = '';
    this.who.addEventListener('change', () => {
      this.by = this.who.value;
      this.render();
    });
    this.dialog.addEventListener('cancel', () => void this.do('close'));
  }

  /** @returns {Map<string, string>} */
  get people() {
    return new Map(this.state.people.map((/** @type {any} */ one) => [one.id, one.name]));
  }

  /** @param {string} what @param {object} [more] */
  do(what, more = {}) {
    return act('slack', what, { by: this.by, thread: this.open, ...more });
  }

  /** Draw the frame; again when the language changes. */
  frame() {
    this.channel.setAttribute('aria-label', t('channel'));
    this.log.setAttribute('aria-label', t('thread'));
    const command = composer({ label: t('command'), button: t('send'), key: 'command', send: (text) => this.command(text) });
    const reply = composer({ label: t('reply'), button: t('send'), key: 'reply', send: (text) => this.do('reply', { text }) });
    const back = h('button', { type: 'button', class: 'plain back', onclick: () => this.choose('') }, '← ' + t('back'));
    this.replaceChildren(
      h('header', {}, h('h2', {}, t('slack')), h('label', { class: 'quiet' }, t('you') + ' ', this.who)),
      h('section', { class: 'channel' }, h('h3', {}, t('channel')), this.channel, command),
      h('section', { class: 'thread' }, h('h3', {}, back, h('span', {}, t('thread'))), this.log, h('p', { class: 'quiet hints' }, t('hints')), reply),
      this.dialog,
    );
    this.seen = this.modal = '';
    this.render();
  }

  /** @param {string} text */
  command(text) {
    const place = this.state.threads[0]?.thread.split(':')[0] ?? 'C0SUPPORT';
    return this.do('command', { text, thread: `${place}:` });
  }

  /** @param {string} thread */
  choose(thread) {
    this.open = thread;
    this.classList.toggle('open', Boolean(thread));
    this.render();
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** @param {any} state */
  show(state) {
    this.state = state;
    const names = state.people.map((/** @type {any} */ one) => h('option', { value: one.id, selected: one.id === this.by }, one.name));
    if (this.who.options.length !== names.length) this.who.replaceChildren(...names);
    const newest = state.threads.at(-1);
    if (newest && state.threads.length > this.known && (!this.open || !this.log.contains(document.activeElement))) this.open = newest.thread;
    this.known = state.threads.length;
    this.render();
  }

  render() {
    const stamp = JSON.stringify([this.state, this.open, this.by]);
    if (stamp === this.seen) return;
    this.seen = stamp;
    const { threads } = this.state;
    const alone = this.state.alone.filter((/** @type {any} */ one) => one.user === this.by);
    const cards = threads.map((/** @type {any} */ one) => this.card(one));
    const here = alone.filter((/** @type {any} */ one) => one.thread.endsWith(':')).map((/** @type {any} */ one) => this.message(one, true));
    draw(this.channel, cards.length + here.length ? [...cards, ...here] : [h('p', { class: 'empty' }, t('empty_slack'))]);
    const thread = threads.find((/** @type {any} */ one) => one.thread === this.open);
    const mine = alone.filter((/** @type {any} */ one) => thread && one.thread === this.open);
    const shown = thread ? [...thread.messages, ...mine].sort((a, b) => a.ts.localeCompare(b.ts)) : [];
    draw(this.log, shown.length ? shown.map((one) => this.message(one, mine.includes(one))) : [h('p', { class: 'empty' }, t('choose'))]);
    this.classList.toggle('open', Boolean(thread));
    this.showModal();
  }

  /** A thread's head in the channel. @param {any} one */
  card(one) {
    const count = one.messages.length - 1;
    const open = h('button', { type: 'button', class: 'opens', 'data-key': one.thread, 'aria-pressed': one.thread === this.open, onclick: () => this.choose(one.thread) }, replies(count));
    const head = one.messages[0];
    return h('article', { class: one.thread === this.open ? 'chosen' : '' }, head ? this.message(head, false) : null, open);
  }

  /** @param {any} one @param {boolean} alone */
  message(one, alone) {
    const name = one.username || this.people.get(one.user) || 'Frontdesk';
    const app = !this.people.has(one.user) || alone;
    const thread = alone || one.thread_ts ? this.open : this.threadOf(one.ts);
    const on = { people: this.people, press: (/** @type {any} */ part) => this.press(thread, one, part, alone), choose: (/** @type {any} */ part, /** @type {string} */ value) => this.do('choose', { thread, action: part.action_id, value }) };
    const body = one.blocks?.length ? h('div', { class: 'blocks' }, ...blocks(one.blocks, on)) : h('p', {}, mrkdwn(one.text, this.people, one.mrkdwn !== false));
    const below = (one.attachments ?? []).map((/** @type {any} */ part) => h('div', { class: 'blocks attached' }, ...blocks(part.blocks ?? [], on)));
    const files = (one.files ?? []).map((/** @type {any} */ file) => this.file(file));
    const marks = (one.reactions ?? []).map((/** @type {string} */ mark) => h('span', { class: 'mark', title: mark }, emoji(mark)));
    const head = h('p', { class: 'by' }, h('b', {}, alone ? 'Frontdesk' : name), app && h('span', { class: 'app' }, t('app')), h('time', {}, new Date(Number(one.ts) * 1000).toLocaleTimeString([], { timeStyle: 'short' })), one.edited && h('span', { class: 'quiet' }, t('changed')));
    const face = h('span', { class: `face ${app && !one.username ? 'ours' : ''}`, 'aria-hidden': 'true' }, app && !one.username ? 'F' : name.slice(0, 1));
    const own = this.people.has(one.user) && !alone;
    return h('div', { class: `message ${alone ? 'alone' : ''}`, 'data-of': own ? `${one.ts} ${one.text}` : one.ts }, face, h('div', { class: 'what' }, alone && h('p', { class: 'quiet' }, '👁 ' + t('alone')), head, body, ...below, ...files, marks.length > 0 && h('p', {}, ...marks)), own && this.more(one));
  }

  /** @param {string} ts */
  threadOf(ts) {
    return this.state.threads.find((/** @type {any} */ one) => one.thread.endsWith(`:${ts}`))?.thread ?? this.open;
  }

  /** @param {string} thread @param {any} message @param {any} part @param {boolean} alone */
  press(thread, message, part, alone) {
    return alone ? this.do('answer', { ts: message.ts, action: part.action_id }) : this.do('press', { thread, action: part.action_id });
  }

  /** @param {any} file */
  file(file) {
    const address = `/file/slack/${encodeURIComponent(file.id)}`;
    const name = file.name.split(' · ')[0];
    return file.picture ? h('img', { src: address, alt: name }) : h('a', { class: 'file', href: address, download: name }, `📄 ${name}`);
  }

  /** What an agent does with a message of their own. @param {any} one */
  more(one) {
    const change = () => {
      const text = window.prompt(t('change'), one.text);
      if (text && text !== one.text) void this.do('change', { ts: one.ts, text });
    };
    return menu(`more${one.ts}`, t('more'), [
      { name: t('send_it'), run: () => this.do('shortcut', { ts: one.ts, callback: 'fd_send_it' }) },
      { name: t('make_note'), run: () => this.do('shortcut', { ts: one.ts, callback: 'fd_make_note' }) },
      { name: t('change'), run: change },
      { name: t('remove'), run: () => this.do('delete', { ts: one.ts }) },
    ]);
  }

  /** The modal that is open, drawn anew only when it changed: what was typed stays. */
  showModal() {
    const { view, errors } = this.state;
    const stamp = JSON.stringify([view, errors]);
    if (stamp === this.modal) return;
    this.modal = stamp;
    if (!view) return void this.dialog.close();
    const kept = this.dialog.open ? values(this.dialog) : {};
    const suggest = async (/** @type {string} */ action, /** @type {string} */ value) => (await asked('slack', 'suggest', { by: this.by, action, value })) ?? [];
    const on = { people: this.people, press: () => {}, suggest, pick: (/** @type {string} */ action, /** @type {string} */ value) => this.do('pick', { action, value }), error: (/** @type {string} */ name) => errors[name] ?? '' };
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.do('submit', { values: values(this.dialog) });
    };
    const buttons = h('footer', {}, h('button', { type: 'button', class: 'second', onclick: () => this.do('close') }, view.close?.text ?? t('close')), view.submit && h('button', { type: 'submit', class: 'primary' }, view.submit.text));
    this.dialog.replaceChildren(h('form', { onsubmit: submit, novalidate: true }, h('h2', {}, view.title.text), ...blocks(view.blocks, on), buttons));
    this.dialog.setAttribute('aria-label', view.title.text);
    for (const [block, given] of Object.entries(kept)) {
      const field = this.dialog.querySelector(`[data-block="${CSS.escape(block)}"]`);
      if (field && 'value' in given) /** @type {HTMLInputElement} */ (field).value = given.value;
    }
    if (!this.dialog.open) this.dialog.showModal();
  }
}

customElements.define('sandbox-slack', Slack);
