/**
 * Where the customer writes: text with its draft, files by picker and paste, emoji and voice notes.
 * @module
 */

import { grow, h, icon, sends } from '../shared/dom.js';
import { keepDraft, recallDraft } from './log.js';

const ICONS = {
  clip: 'M20 11.5l-7.8 7.8a5 5 0 0 1-7.1-7.1l8.3-8.3a3.3 3.3 0 0 1 4.7 4.7l-8.2 8.2a1.7 1.7 0 0 1-2.4-2.4l7.3-7.3',
  smile: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.5c1.8 2.3 5.2 2.3 7 0M9 9.5v.5M15 9.5v.5',
  mic: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4',
  send: 'M12 19V5M5.5 11.5L12 5l6.5 6.5',
};

export class Composer {
  /**
   * @param {import('./core.js').Core} core
   * @param {Record<string, string>} words
   * @param {() => void} sent
   */
  constructor(core, words, sent) {
    this.core = core;
    this.sent = sent;
    this.draft = `${core.host.setting.key} draft`;
    this.field = h('textarea', { rows: 1, dir: 'auto', 'aria-label': words.write, placeholder: words.write, maxlength: 4000, enterkeyhint: 'send' });
    this.field.value = recallDraft(this.draft);
    this.button = act(words.send, ICONS.send, () => this.submit(), { class: 'send', part: 'send' });
    const picker = h('input', { type: 'file', multiple: true, hidden: true, tabindex: -1, 'aria-label': words.attach });
    picker.addEventListener('change', () => {
      core.attach(picker.files ?? []);
      picker.value = '';
    });
    const pick = act(words.attach, ICONS.clip, () => picker.click());
    const smile = act(words.emoji, ICONS.smile, () => this.#emoji(smile), { class: 'plain emojis', 'aria-expanded': 'false' });
    this.mic = window.MediaRecorder && navigator.mediaDevices ? act(words.record, ICONS.mic, () => this.#record()) : null;
    this.listen();
    this.element = h('div', { class: 'composer', part: 'composer' }, pick, picker, this.field, this.mic, smile, this.button);
  }

  listen() {
    const { field, core } = this;
    field.addEventListener('keydown', (event) => {
      if (!sends(event)) return;
      event.preventDefault();
      this.submit();
    });
    field.addEventListener('input', () => this.wrote());
    field.addEventListener('paste', (event) => {
      const files = event.clipboardData?.files;
      if (!files?.length) return;
      event.preventDefault();
      core.attach(files);
    });
  }

  wrote() {
    const { field } = this;
    const some = field.value.trim() !== '';
    grow(field);
    keepDraft(this.draft, field.value);
    this.core.typing(some, field.value);
    if (this.mic) this.mic.hidden = some;
    this.button.classList.toggle('ready', some);
  }

  submit() {
    const text = this.field.value.trim();
    if (!text) return;
    this.field.value = '';
    this.wrote();
    this.core.say({ text }, [{ type: 'text', text }]);
    this.sent();
    this.field.focus();
  }

  /** @param {HTMLElement} button */
  #emoji(button) {
    const { field } = this;
    aside(button, async () => (await this.core.need(import('./emoji.js')))?.picker(this.element, String(button.ariaLabel), (sign) => {
      field.setRangeText(sign, field.selectionStart, field.selectionEnd, 'end');
      this.wrote();
    }));
  }

  async #record() {
    const { core } = this;
    const fetched = await core.need(Promise.all([import('./voice.js'), core.more()]));
    if (!fetched) return;
    const [{ record }, words] = fetched;
    record(this.element, words, (file) => core.attach([file]), (why) => core.view.warn(why));
  }
}

/**
 * A button with an icon.
 * @param {string} label @param {string} path @param {() => void} onclick @param {Record<string, string>} [more]
 */
export function act(label, path, onclick, more) {
  return h('button', { class: 'plain', type: 'button', 'aria-label': label, onclick, ...more }, icon(path));
}

/** @type {WeakMap<HTMLElement, HTMLElement>} */
const asides = new WeakMap();

/**
 * Open what a button opens, or close it again.
 * @param {HTMLElement} button @param {() => Promise<HTMLElement | void>} make what it opens; nothing when that can't be had now
 */
export async function aside(button, make) {
  const open = button.getAttribute('aria-expanded') === 'true';
  button.setAttribute('aria-expanded', String(!open));
  if (open) return asides.get(button)?.remove();
  const made = await make();
  if (made) asides.set(button, made);
  else button.setAttribute('aria-expanded', 'false');
}
