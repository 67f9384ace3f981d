/**
 * A customer's telephone: `<sandbox-phone side="telegram">`.
 * @module
 */
import { composer, draw, h } from './dom.js';
import { act, picture } from './hub.js';
import { t } from './words.js';

export class Phone extends HTMLElement {
  constructor() {
    super();
    this.log = h('div', { class: 'log', role: 'log', tabindex: 0 });
    this.seen = '';
  }

  get side() {
    return /** @type {'telegram' | 'wechat'} */ (this.getAttribute('side'));
  }

  /** Draw the frame; again when the language changes. */
  frame() {
    const file = h('input', { type: 'file', accept: 'image/png,image/jpeg', class: 'vh', tabindex: -1, 'aria-hidden': 'true' });
    file.addEventListener('change', async () => {
      if (file.files?.[0]) await picture(this.side, file.files[0]);
      file.value = '';
    });
    const clip = h('button', { type: 'button', class: 'plain', 'aria-label': t('picture'), title: t('picture'), onclick: () => file.click() }, '📎');
    const send = (/** @type {string} */ text) => act(this.side, 'say', { text });
    this.log.setAttribute('aria-label', t(this.side));
    const bar = composer({ label: t('write'), button: t('send'), send, more: clip, key: this.side });
    this.replaceChildren(h('header', {}, h('h2', {}, t(this.side)), h('span', { class: 'quiet' }, t('customer'))), this.log, bar, file);
    this.seen = '';
  }

  /** @param {any[]} lines */
  show(lines) {
    const stamp = JSON.stringify(lines);
    if (stamp === this.seen) return;
    this.seen = stamp;
    draw(this.log, lines.length ? lines.map((one) => this.line(one)) : [h('p', { class: 'empty' }, t('empty_phone'))]);
  }

  /** @param {any} one */
  line(one) {
    const address = `/file/${this.side}/${encodeURIComponent(one.file)}`;
    const media = one.kind === 'image' ? h('img', { src: address, alt: '' }) : one.kind === 'audio' ? h('audio', { src: address, controls: true }) : one.kind && h('a', { href: address }, one.kind);
    const buttons = one.buttons.map((/** @type {any} */ button) => this.button(one, button));
    const mine = one.by === 'me';
    const small = [one.edited && t('changed'), one.failed && t('failed')].filter(Boolean).join(' · ');
    const change = mine && this.side === 'telegram' && one.text && h('button', { type: 'button', class: 'small', 'data-key': `change${one.id}`, onclick: () => this.change(one) }, t('change'));
    const bubble = h('div', { class: `bubble ${mine ? 'mine' : ''}` }, media, one.text && h('p', {}, one.text), buttons.length > 0 && h('div', { class: 'options' }, ...buttons));
    return h('div', { class: `row ${mine ? 'mine' : ''}`, 'data-of': `${one.id} ${one.text}` }, bubble, (small || change) && h('span', { class: 'under' }, small, change));
  }

  /** @param {any} one @param {any} button */
  button(one, button) {
    if (/^https?:/.test(button.url)) return h('a', { class: 'option', href: button.url, target: '_blank', rel: 'noopener noreferrer' }, button.text);
    return h('button', { type: 'button', class: 'option', 'data-key': `${one.id}:${button.data}`, onclick: () => act(this.side, 'press', { id: one.id, ...button }) }, button.text);
  }

  /** @param {any} one */
  change(one) {
    const text = window.prompt(t('change'), one.text);
    if (text && text !== one.text) void act(this.side, 'edit', { id: one.id, text });
  }
}

customElements.define('sandbox-phone', Phone);
