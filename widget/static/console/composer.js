/**
 * Where agents write: a reply to the customer or a note for the team, with files; the draft of each conversation is kept.
 * @module
 */

import { fill, grow, h, icon, sends } from '../shared/dom.js';
import { sizeOf } from '../shared/rich.js';
import { call } from './api.js';
import { bench } from './bench.js';
import { Canned } from './canned.js';
import { previewOf } from './entries.js';
import { ICONS } from './icons.js';
import { answersTo } from './joined.js';
import { menu } from './menu.js';
import { nameOf, say, words } from './words.js';

const TYPING_MS = 3000;

/** @typedef {{name: string, size: number, part: MediaPart | null, failed: boolean}} Attached */

export class Composer extends HTMLElement {
  /** @param {import('./inbox.js').Inbox} inbox */
  constructor(inbox) {
    super();
    this.inbox = inbox;
    /** @type {'reply' | 'note'} */
    this.kind = 'reply';
    this.c = '';
    this.base = 0;
    /** Whether something stood in the field before this press. */
    this.written = false;
    this.typed = 0;
    /** @type {Attached[]} */
    this.files = [];
    /** Whether to send as soon as the files are there. */
    this.eager = false;
    /** @type {Part[]} cards and a form that go with it */
    this.offers = [];
    /** @type {Ev | null} what is answered */
    this.about = null;
  }

  connectedCallback() {
    if (this.field) return;
    this.field = h('textarea', { rows: 2, dir: 'auto', 'aria-label': words.reply, enterkeyhint: 'send', maxlength: 10_000 });
    this.canned = new Canned(this.field, () => this.c, () => this.#wrote());
    this.quote = h('div', { class: 'about', hidden: true });
    this.inbox.addEventListener('draft', (event) => this.#elsewhere(/** @type {CustomEvent} */ (event).detail));
    this.field.addEventListener('keydown', (event) => {
      if (!sends(event)) return;
      event.preventDefault();
      this.#send();
    });
    this.field.addEventListener('input', () => this.#wrote());
    this.field.addEventListener('paste', (event) => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      this.#attach(event.clipboardData.files);
    });
    this.tabs = h('div', { class: 'kinds', role: 'group', 'aria-label': words.kind });
    this.picker = h('input', { type: 'file', multiple: true, hidden: true, 'aria-label': words.attach, tabindex: -1 });
    this.picker.addEventListener('change', () => {
      this.#attach(this.picker?.files ?? []);
      if (this.picker) this.picker.value = '';
    });
    const pick = h('button', { class: 'plain', type: 'button', 'aria-label': words.attach, onclick: () => this.picker?.click() }, icon(ICONS.clip));
    const ready = h('button', { class: 'plain', type: 'button', 'aria-label': words.canned, title: `${words.canned} (/)`, onclick: () => this.canned?.open() }, icon(ICONS.slash));
    const offer = menu(h('button', { class: 'plain', type: 'button', 'aria-label': words.offer, title: words.offer }, icon(ICONS.card)), () => [
      { label: words.card, run: () => void this.offer('card') },
      { label: words.form, run: () => void this.offer('form') },
    ]);
    this.shelf = h('div', { class: 'shelf' });
    this.saved = h('span', { class: 'saved', role: 'status' });
    this.button = h('button', { class: 'primary send', type: 'button', onclick: () => this.#send() });
    const foot = h('div', { class: 'foot' }, this.tabs, pick, ready, offer, this.picker, this.saved, this.button);
    this.replaceChildren(h('div', { class: 'box' }, this.canned, this.quote, this.field, this.shelf, foot));
    this.be('reply');
  }

  /** @param {Detail} detail another conversation was opened */
  take(detail) {
    this.c = detail.id;
    this.base = this.inbox.lastN;
    this.files = [];
    this.offers = [];
    this.eager = false;
    this.answer(null);
    const draft = this.inbox.drafts.of(detail);
    this.#set(draft.text);
    this.be(draft.kind === 'note' ? 'note' : 'reply');
    this.#shelve();
  }

  /** Another browser of this agent went on writing. @param {{c: string, draft: import('./drafts.js').Draft}} told */
  #elsewhere({ c, draft }) {
    if (c !== this.c || this.field?.value === draft.text) return;
    this.#set(draft.text);
    this.be(draft.kind);
  }

  /** Answer one message. @param {Ev | null} ev */
  answer(ev) {
    this.about = ev;
    const { quote } = this;
    if (!quote) return;
    quote.hidden = !ev;
    if (!ev) return quote.replaceChildren();
    const drop = h('button', { type: 'button', 'aria-label': words.dropQuote, onclick: () => this.answer(null) }, icon(ICONS.close, 14));
    fill(quote, icon(ICONS.quote, 16), h('span', { dir: 'auto' }, (ev.d.parts ?? []).map(previewOf).join(' ').slice(0, 160)), drop);
    if (this.kind === 'note') this.be('reply');
    this.focus();
  }

  /** @param {'reply' | 'note'} kind */
  be(kind) {
    this.kind = kind;
    this.classList.toggle('noting', kind === 'note');
    const { field, tabs, button, inbox } = this;
    if (!field || !tabs || !button) return;
    const text = kind === 'note' ? words.writeNote : say('writeReply', { name: inbox.detail ? nameOf(inbox.detail) : '' });
    field.placeholder = text;
    field.setAttribute('aria-label', text);
    fill(tabs, ...(/** @type {const} */ (['reply', 'note'])).map((one) => {
      const go = () => {
        this.be(one);
        this.focus();
      };
      return h('button', { type: 'button', 'aria-pressed': String(one === kind), onclick: go, 'aria-keyshortcuts': one === 'note' ? 'n' : 'r' }, words[one]);
    }));
    fill(button, icon(ICONS.send), h('span', {}, kind === 'note' ? words.addNote : words.send), h('kbd', { 'aria-hidden': 'true' }, '↵'));
  }

  /** @override */
  focus() {
    this.field?.focus();
  }

  /** @param {Unsent} unsent back into the field to be changed */
  restore(unsent) {
    this.#set([unsent.text, this.field?.value].filter(Boolean).join('\n'));
    this.be(unsent.kind);
    this.base = this.inbox.lastN;
    this.focus();
  }

  /** @param {string} text */
  #set(text) {
    if (!this.field) return;
    this.field.value = text;
    this.written = text !== '';
    grow(this.field);
    this.#ready();
    if (this.saved) this.saved.textContent = text ? words.draftSaved : '';
  }

  #ready() {
    this.button?.classList.toggle('idle', !this.field?.value.trim() && !this.files.some((one) => one.part) && !this.offers.length);
  }

  #wrote() {
    const { field, saved } = this;
    if (!field) return;
    grow(field);
    if (!this.written) this.base = this.inbox.lastN;
    this.written = field.value !== '';
    this.inbox.drafts.keep(this.c, { text: field.value, kind: this.kind });
    if (saved) saved.textContent = field.value ? words.draftSaved : '';
    this.#ready();
    const now = Date.now();
    const on = this.kind === 'reply' && field.value.trim() !== '';
    if (on ? now - this.typed < TYPING_MS : !this.typed) return;
    this.typed = on ? now : 0;
    this.inbox.line.send({ t: 'typing', c: this.c, on });
  }

  #send() {
    const { field, inbox, c, kind } = this;
    const text = field?.value.trim() ?? '';
    const media = this.files.flatMap((one) => one.part ?? []);
    this.eager = this.files.some((one) => !one.part && !one.failed);
    if (!c || this.eager || (!text && !media.length && !this.offers.length)) return;
    /** @type {Part[]} */
    const parts = [...media, ...(text ? [/** @type {Part} */ ({ type: 'text', text })] : []), ...this.offers];
    const files = media.map((part) => part.file ?? '');
    const more = kind === 'reply' ? { delay: bench.undo || undefined, reply_to: this.about?.d.mid } : {};
    inbox.sender.say({ c, kind, text: text || undefined, files: files.length ? files : undefined, ...offered(this.offers), parts, base: this.base || inbox.lastN, to: kind === 'reply' ? answersTo(c) : undefined, ...more });
    this.answer(null);
    this.files = [];
    this.offers = [];
    this.typed = 0;
    inbox.drafts.keep(c, { text: '', kind: 'reply' });
    this.#set('');
    this.#shelve();
    this.base = inbox.lastN;
    if (kind === 'note') this.be('reply');
    this.focus();
  }

  /** Make a card or a form, which goes with the reply. @param {'card' | 'form'} kind */
  async offer(kind) {
    const offers = await import('./offers.js').catch(() => this.inbox.note(words.unreachable));
    if (!offers) return;
    const { askCard, askForm } = offers;
    const take = (/** @type {Part} */ part) => {
      this.offers = [...this.offers.filter((one) => kind === 'card' || one.type !== 'form'), part];
      if (this.kind === 'note') this.be('reply');
      this.#shelve();
      this.focus();
    };
    if (kind === 'card') askCard(this.inbox, take);
    else askForm(take);
  }

  /** @param {Iterable<File>} files */
  #attach(files) {
    for (const file of files) {
      /** @type {Attached} */
      const one = { name: file.name, size: file.size, part: null, failed: false };
      this.files.push(one);
      this.#upload(one, file);
    }
    this.#shelve();
  }

  /** @param {Attached} one @param {File} file */
  async #upload(one, file) {
    const form = new FormData();
    form.append('file', file);
    try {
      const kept = await call('POST', '/files', form);
      const kind = /** @type {MediaPart['kind']} */ (String(kept.mime).match(/^(image|audio|video)\//)?.[1] ?? 'file');
      one.part = { type: 'media', kind, file: kept.id, name: kept.name, mime: kept.mime, size: kept.size, url: kept.url };
    } catch (error) {
      one.failed = true;
      this.eager = false;
      this.inbox.complain(error);
    }
    if (this.eager && this.files.includes(one)) this.#send();
    this.#shelve();
  }

  #shelve() {
    const chips = this.files.map((one) => {
      const drop = () => {
        this.files = this.files.filter((other) => other !== one);
        this.#shelve();
      };
      const facts = one.failed ? words.failed : one.part ? sizeOf(one.size) : words.uploading;
      const close = h('button', { type: 'button', 'aria-label': say('remove', { name: one.name }), onclick: drop }, icon(ICONS.close, 14));
      return h('span', { class: one.failed ? 'held failed' : 'held' }, h('span', { class: 'name' }, one.name), h('small', {}, facts), close);
    });
    const offers = this.offers.map((part) => {
      const name = ('title' in part && part.title) || previewOf(part);
      const drop = () => {
        this.offers = this.offers.filter((other) => other !== part);
        this.#shelve();
      };
      const close = h('button', { type: 'button', 'aria-label': say('remove', { name }), onclick: drop }, icon(ICONS.close, 14));
      return h('span', { class: 'held' }, h('span', { class: 'name' }, name), h('small', {}, words[part.type]), close);
    });
    if (this.shelf) fill(this.shelf, ...chips, ...offers);
    this.#ready();
  }
}

/** Cards and a form as the hub's call takes them. @param {Part[]} offers */
function offered(offers) {
  const cards = offers.flatMap((part) => (part.type !== 'card' ? [] : [{ title: part.title, text: part.text, url: part.url, options: part.options, image: part.image?.file ?? undefined }]));
  const form = offers.find((part) => part.type === 'form');
  return { cards: cards.length ? cards : undefined, form: form?.type === 'form' ? { title: form.title, fields: form.fields } : undefined };
}

customElements.define('fd-composer', Composer);
