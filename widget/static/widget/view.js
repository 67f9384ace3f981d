/**
 * What the customer sees and touches: header, thread, composer. It draws what `items.js` works out and keeps nothing else.
 * @module
 */

import { anchored, fill, follow, h, icon } from '../shared/dom.js';
import { body, later, options } from '../shared/parts.js';
import { dayOf, timeOf } from '../shared/when.js';
import { act, aside, Composer } from './composer.js';
import { initial, itemsOf, stampOf } from './items.js';
import { css } from './style.js';

const ICONS = {
  close: 'M6 6l12 12M18 6L6 18',
  down: 'M6 9.5l6 6 6-6',
  more: '!M12 7a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2zM12 13.6a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2zM12 20.2a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2z',
  people: '!M12 3.5c-5.2 0-9.2 3.5-9.2 7.8 0 2.4 1.3 4.6 3.3 6l-.6 3.2 3.9-1.7c.8.2 1.7.3 2.6.3 5.2 0 9.2-3.5 9.2-7.8S17.2 3.5 12 3.5z',
};
const PHONE = matchMedia('(max-width: 480px)');

/** @typedef {{[K in keyof View]: NonNullable<View[K]>}} Built the view once its words have come */

export class View {
  /** @param {import('./core.js').Core} core */
  constructor(core) {
    this.core = core;
    this.page = core.host.dataset.mode === 'page';
    this.visible = false;
    /** @type {Record<string, string>} */
    this.words = {};
    this.drawing = 0;
    this.count = 0;
  }

  /** @param {Record<string, string>} words */
  ready(words) {
    this.words = words;
    const root = /** @type {ShadowRoot} */ (this.core.host.shadowRoot);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, css];
    root.append(this.#build());
    this.core.host.launcher.setAttribute('aria-controls', 'panel');
    visualViewport?.addEventListener('resize', () => this.#fit());
    this.draw();
  }

  #build() {
    const { words, core } = this;
    this.title = h('h2', { id: 'title' });
    this.under = h('p', { class: 'under' });
    this.avatar = h('span', { class: 'avatar', 'aria-hidden': 'true' });
    const more = act(words.more, ICONS.more, () => this.#menu(more, header), { 'aria-expanded': 'false' });
    const close = act(words.close, ICONS.close, () => this.close());
    const names = h('div', { class: 'names' }, this.title, this.under);
    const header = h('div', { class: 'head', part: 'header' }, this.avatar, names, more, !this.page && close);
    this.bar = h('div', { class: 'bar', role: 'status' });
    this.earlier = h('button', { class: 'earlier', type: 'button', onclick: () => this.core.earlier() }, words.earlier);
    this.list = h('div', { class: 'list', role: 'log', 'aria-label': words.log, 'aria-live': 'polite' });
    this.scroll = h('div', { class: 'scroll', part: 'log', tabindex: 0, role: 'region', 'aria-label': words.log }, this.earlier, this.list);
    this.low = anchored(this.scroll, 48);
    this.newer = h('button', { class: 'newer', type: 'button', onclick: () => this.#bottom() }, words.newer);
    this.scroll.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.typing = h('div', { class: 'typing', role: 'status' });
    this.composer = new Composer(core, words, () => this.#bottom());
    this.hint = h('p', { class: 'hint', hidden: true }, words.previewed);
    const dir = core.lang === 'ar' && 'rtl';
    this.dialog = h('dialog', { id: 'panel', class: 'panel', part: 'panel', lang: core.lang, dir, 'aria-labelledby': 'title' },
      header, this.bar, this.scroll, h('div', { class: 'float' }, this.newer), this.typing, this.composer.element, this.hint);
    this.dialog.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.isComposing && !this.page) this.close();
    });
    this.dialog.addEventListener('dragover', (event) => event.preventDefault());
    this.dialog.addEventListener('drop', (event) => {
      event.preventDefault();
      if (!this.composer?.element.hidden) core.attach(event.dataTransfer?.files ?? []);
    });
    this.dialog.addEventListener('cancel', (event) => event.preventDefault());
    return this.dialog;
  }

  /** @param {HTMLElement} button @param {HTMLElement} header */
  #menu(button, header) {
    const { core } = this;
    aside(button, async () => {
      const fetched = await core.need(Promise.all([import('./menu.js'), core.more()]));
      return fetched?.[0].menu(header, core, fetched[1]);
    });
  }

  /** What stands above the thread for a while. */
  warn(why = '') {
    this.why = why;
    clearTimeout(this.late);
    if (why) this.late = setTimeout(() => this.warn(), 9000);
    this.draw();
  }

  open() {
    const { dialog, composer } = /** @type {Built} */ (this);
    if (dialog.open) return;
    if (PHONE.matches && !this.page) dialog.showModal();
    else dialog.show();
    this.visible = true;
    this.core.tell('open');
    this.#face(true);
    this.draw(true);
    composer.wrote();
    this.#bottom();
    composer.field.focus({ preventScroll: true });
  }

  close() {
    if (!this.dialog?.open) return;
    this.dialog.close();
    this.visible = false;
    this.core.tell('close');
    this.#face(false);
    this.core.host.launcher.focus();
  }

  /** @param {boolean} open */
  #face(open) {
    const { launcher, badge } = this.core.host;
    launcher.setAttribute('aria-expanded', String(open));
    launcher.replaceChildren(...(open ? [icon(ICONS.down, 28), badge] : [badge]));
    this.#badge();
  }

  #badge() {
    const { launcher, badge } = this.core.host;
    const count = this.visible ? 0 : this.core.log.unread;
    if (count !== this.count) this.core.tell('unread', (this.count = count));
    badge.hidden = !count;
    badge.textContent = count > 99 ? '99+' : String(count);
    const open = this.visible ? this.words.close : this.words.open;
    launcher.setAttribute('aria-label', count ? `${open}, ${this.words.unread.replace('{n}', String(count))}` : open);
  }

  /** Draw soon, once for all that changes in this turn. */
  draw(now = false) {
    cancelAnimationFrame(this.drawing);
    if (now) this.#draw();
    else if (document.visibilityState === 'hidden') setTimeout(() => this.#draw());
    else this.drawing = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const { scroll, list, words, core, composer, earlier, newer, low } = /** @type {Built} */ (this);
    if (!list) return;
    this.#badge();
    if (!this.visible) return;
    const end = low();
    const before = scroll.scrollHeight - scroll.scrollTop;
    this.#head();
    const items = itemsOf(core, words);
    composer.element.hidden = items.at(-1)?.key === 'before';
    const oldest = list.firstElementChild?.getAttribute('data-key');
    follow(list, items, (one) => one.key, stampOf, (one) => this.#make(one));
    earlier.hidden = !core.log.entries.length || core.log.entries[0].s <= 1;
    if (end) this.#bottom();
    else if (oldest !== list.firstElementChild?.getAttribute('data-key')) scroll.scrollTop = scroll.scrollHeight - before;
    else newer.hidden = !list.lastElementChild;
    this.#scrolled();
  }

  #head() {
    const { core, words, title, under, hint, avatar, bar, typing } = /** @type {Built} */ (this);
    const { lang, queue: { place, wait }, writer, line: { state }, cfg: { online, opens } } = core;
    const agent = core.log.entries.findLast((ev) => ev.by.kind === 'agent' && ev.k === 'message')?.by.name;
    title.textContent = agent || core.cfg.title || words.title;
    const away = opens ? words.back.replace('{when}', `${dayOf(opens, lang)} ${timeOf(opens, lang)}`) : words.away;
    under.textContent = online ? words.online : online === false ? away : words.connecting;
    hint.hidden = !core.cfg.preview;
    fill(avatar, agent ? initial(agent) : icon(ICONS.people, 22), h('i', { class: online ? 'dot on' : 'dot' }));
    const trouble = state === 'refused' ? words.refused : !navigator.onLine ? words.offline : state === 'waiting' ? words.unreachable : this.why || '';
    if (bar.textContent !== trouble) bar.textContent = trouble;
    const name = writer && writer.until > Date.now() && (writer.name || words.someone);
    const line = place ? `${words.queue.replace('{n}', String(place))} ${wait ? words.wait.replace('{n}', String(wait / 60)) : words.waitUnknown}` : '';
    const told = name ? words.typing.replace('{name}', name) : line.replace('。 ', '。');
    if (typing.textContent !== told) fill(typing, name && h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), told);
  }

  /** @param {import('./items.js').Item} item @returns {HTMLElement} */
  #make(item) {
    const { core, words } = this;
    if (item.kind === 'day') return h('div', { class: 'day' }, h('span', {}, item.text));
    if (item.kind === 'line') return h('div', { class: 'line' }, item.text);
    const press = (/** @type {Option} */ option) => this.#choose(option, item);
    const setting = { words, press, base: core.base, fresh: item.ev && (() => this.#fresh(item)) };
    if (item.kind === 'form') return this.#form(item);
    if (item.kind === 'options') return this.#options(item, setting);
    const who = item.own ? words.you : item.by.kind === 'bot' ? words.bot : item.by.name || core.cfg.title || words.title;
    const name = !item.own && item.first && item.kind === 'said' && h('div', { class: 'who' }, who);
    const bubble = h('div', { class: item.gone ? 'bubble gone' : 'bubble', part: item.own ? 'bubble own' : 'bubble' },
      !name && h('span', { class: 'vh' }, `${who}: `), ...body(item.parts, setting), original(item.ev?.d.original, core.lang, setting), item.signs && h('span', { class: 'signs' }, item.signs));
    const alone = item.parts.length === 1 && item.parts[0].type === 'media' && ['image', 'sticker'].includes(item.parts[0].kind);
    bubble.classList.toggle('bare', alone);
    const row = h('div', { class: 'row' }, name, bubble, this.#meta(item));
    row.classList.toggle('own', item.own);
    row.classList.toggle('first', item.first);
    row.classList.toggle('last', item.last);
    return row;
  }

  /** @param {import('./items.js').Item} item */
  #meta(item) {
    const { core, words } = this;
    const { pending, upload } = item;
    if (item.failed) {
      const again = h('button', { type: 'button', onclick: () => (pending ? core.retry(pending) : upload?.start()) }, words.retry);
      const drop = h('button', { type: 'button', onclick: () => (pending ? core.remove(pending) : upload?.cancel()) }, words.remove);
      return h('div', { class: 'meta failed' }, item.state, again, drop);
    }
    if (!item.at || !(item.last || item.state)) return null;
    const cancel = upload && h('button', { type: 'button', onclick: () => upload.cancel() }, words.remove);
    const told = [item.last ? timeOf(item.at, core.lang) : '', item.edited ? words.edited : '', item.state].filter(Boolean).join(' · ');
    return h('div', { class: 'meta' }, told, cancel);
  }

  /**
   * @param {import('./items.js').Item} item
   * @param {import('../shared/parts.js').Setting} setting
   */
  #options(item, setting) {
    const [part] = item.parts;
    return options((part.type === 'choices' || part.type === 'card' ? part.options : []) ?? [], { ...setting, choose: setting.press });
  }

  /** @param {Option} option @param {import('./items.js').Item} item */
  #choose({ id, text }, item) {
    this.core.say({ choice: { id, text, of: item.ev?.d.mid } }, [{ type: 'choice', id, text }]);
    this.composer?.field.focus();
  }

  /** Questions to answer; what draws them is fetched when there are some. @param {import('./items.js').Item} item */
  #form(item) {
    const [part] = item.parts;
    const place = h('div', {});
    if (part.type !== 'form') return place;
    const fetched = () => Promise.all([import('./ask.js'), this.core.more()]);
    later(place, fetched, this.words, ([{ ask }, words]) => ask(place, part, words, (form) => {
      this.core.must = false;
      this.core.say({ form }, [{ type: 'form', ...form, submitted: true }]);
      this.draw(true);
      this.composer?.field.focus();
    }));
    return place;
  }

  /** @param {import('./items.js').Item} item */
  async #fresh(item) {
    const [ev] = await this.core.history((item.ev?.s ?? 0) + 1, 1);
    return ev?.d.parts ?? [];
  }

  #scrolled() {
    const { newer, low } = /** @type {Built} */ (this);
    if (low()) newer.hidden = true;
  }

  #bottom() {
    const { newer, scroll } = /** @type {Built} */ (this);
    scroll.scrollTop = scroll.scrollHeight;
    newer.hidden = true;
  }

  /** Keep the composer above a phone's keyboard. */
  #fit() {
    this.dialog?.style.setProperty('--view', PHONE.matches ? `${visualViewport?.height}px` : '');
  }
}
/** The words that were translated, behind their language. @param {Ev['d']['original']} was @param {string} lang @param {import('../shared/parts.js').Setting} setting */
function original(was, lang, setting) {
  const called = was?.language && new Intl.DisplayNames(lang, { type: 'language' }).of(was.language);
  return was && h('details', {}, h('summary', {}, `🌐 ${called || '…'}`), ...body(was.parts, setting));
}

