/**
 * The opened widget: keeps session, line, log and view together. What is shown follows from the log, never the other way round.
 * @module
 */

import { newId } from '../shared/dom.js';
import { CustomerLog } from './log.js';
import { SharedLine } from './tabs.js';
import { View } from './view.js';

const TYPING_MS = 3000;
const CONFIRM_MS = 10_000;
const LANGUAGES = 'zh-CN zh-TW en ja ko es fr de ar pt it nl ru tr pl vi th id hi uk'.split(' ');

/** @typedef {HTMLElement & {setting: {base: string, channel: string, lang: string, key: string, talk?: string, here: () => string, identity: string | Record<string, any>, hello?: string}, launcher: HTMLButtonElement, badge: HTMLElement}} Host */

export class Core {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.base = host.setting.base;
    this.there = `${this.base}chat/${encodeURIComponent(host.setting.channel)}`;
    this.lang = languageOf(host.setting.lang);
    this.log = new CustomerLog(host.setting.key);
    this.log.token ||= host.setting.talk ?? '';
    this.cfg = /** @type {Welcome['cfg']} */ ({});
    /** @type {Map<string, import('./upload.js').Upload>} */
    this.uploads = new Map();
    this.sending = '';
    this.typed = 0;
    /** @type {{name: string, until: number} | null} */
    this.writer = null;
    /** The place in line, 0 when not in it, and the seconds until the turn comes. @type {{place: number, wait: number | null}} */
    this.queue = { place: 0, wait: null };
    /** Whether the hub insists on the questions before the chat. */
    this.must = false;
    this.hinted = false;
    this.view = new View(this);
    this.line = new SharedLine({
      socket: `${this.there.replace(/^http/, 'ws')}/socket`,
      poll: `${this.there}/poll`,
      memory: `${host.setting.key} polling`,
      hello: () => this.#hello(),
      frame: (frame) => this.#take(frame),
      state: () => this.view.draw(),
      denied: () => this.#session(),
    }, this.log);
    addEventListener('storage', (event) => event.key?.startsWith(this.log.outbox.prefix) && this.#changed());
    document.addEventListener('visibilitychange', () => this.seen());
    this.begun = this.#begin();
  }

  async #begin() {
    const answer = await fetch(`${this.base}static/widget/texts/${this.lang}.json`);
    this.view.ready(await answer.json());
    if (this.host.setting.identity) await this.#session();
    else if (this.log.token) this.line.start();
  }

  async open() {
    await (this.begun = this.begun.catch(() => this.#begin()));
    this.view.open();
    if (this.line.state === 'idle') this.#session();
    this.seen();
  }

  /** The page knows who this is: go on as that customer. */
  identify() {
    this.begun.then(() => this.#session());
  }

  /** Tell the page, by an event that `Frontdesk.on` hears. @param {string} name @param {any} [detail] */
  tell(name, detail) {
    this.host.dispatchEvent(new CustomEvent(name, { detail }));
  }

  close() {
    this.view.close();
  }

  /** Ask for a session, with the old token so that a known customer stays the same; tries again until the hub answers. */
  async #session(tries = 0) {
    try {
      const { identity } = this.host.setting;
      const who = typeof identity === 'object' ? identity : { identity: identity || undefined };
      const body = JSON.stringify({ ...who, lang: this.lang, tok: this.log.token || undefined });
      const answer = await fetch(`${this.there}/session`, { method: 'POST', body });
      if (answer.ok) {
        this.log.renew(await answer.json());
        if (this.line.state === 'idle') this.line.start();
        else this.line.restart();
        return;
      }
      if (answer.status === 401) this.tell('denied');
    } catch {
      // Not reachable: the same as a refusal for now.
    }
    this.view.draw();
    setTimeout(() => this.#session(tries + 1), 500 + Math.random() * Math.min(30_000, 500 * 2 ** tries));
  }

  /** @returns {Frame} */
  #hello() {
    const { token, epoch, cursor } = this.log;
    const page = this.host.setting.here();
    return { t: 'hello', v: 1, tok: token, epoch: epoch || undefined, since: cursor, lang: this.lang, page };
  }

  /** @param {Frame} frame */
  #take(frame) {
    switch (frame.t) {
      case 'welcome':
        this.log.welcome(/** @type {Welcome} */ (frame));
        this.#dress(frame.cfg);
        this.sending = '';
        this.queue.place = 0;
        this.#changed();
        break;
      case 'ev':
        this.#happened(/** @type {Ev} */ (frame));
        break;
      case 'ok':
        this.log.confirm(frame.id);
        this.sending = '';
        this.#changed();
        break;
      case 'no':
        this.#refused(frame);
        break;
      case 'eph':
        this.#passing(frame);
    }
  }

  /**
   * What the hub says about this channel's looks; the page's own attributes and variables come first.
   * @param {Welcome['cfg']} cfg
   */
  #dress(cfg) {
    this.cfg = cfg;
    const { host } = this;
    const own = getComputedStyle(host).getPropertyValue('--fd-accent');
    if (!own && /^#[0-9a-f]{6}$/i.test(cfg.accent ?? '')) host.style.setProperty('--fd-accent', String(cfg.accent));
    if (cfg.position === 'left') host.dataset.side ??= 'left';
  }

  /** @param {Ev} ev */
  #happened(ev) {
    const what = this.log.apply(ev);
    if (what === 'gap') this.line.restart();
    if (what !== 'new') return;
    if (ev.by.kind !== 'customer') this.writer = null;
    if (ev.by.kind === 'agent' || ev.k === 'resolved') this.queue.place = 0;
    if (ev.k === 'message' && ev.by.kind !== 'customer') this.#hint();
    if (ev.k === 'message') this.tell('message', { by: ev.by, at: ev.at, parts: ev.d.parts ?? [] });
    this.view.draw();
    this.seen();
  }

  /** A sign for somebody who looks elsewhere, and its end once everything was seen. */
  #hint() {
    const away = document.visibilityState === 'hidden' || !this.view.visible;
    if (!away && !this.hinted) return;
    this.hinted = away;
    import('./hints.js').then(({ title, sound }) => {
      title(away ? this.log.unread : 0);
      if (away && this.line.leads) sound();
    }, () => {});
  }

  /** @param {Frame} frame */
  #refused(frame) {
    const mine = frame.id && frame.id === this.sending;
    if (mine) this.sending = frame.retry ? 'later' : '';
    const item = this.log.outbox.all().find((one) => one.id === frame.id);
    if (!item) return;
    if (frame.retry) {
      setTimeout(() => {
        this.sending = '';
        this.flush();
      }, (frame.after ?? 2) * 1000);
      return;
    }
    this.must ||= frame.code === 'consent';
    this.log.outbox.put({ ...item, failed: frame.code || 'refused' });
    this.#changed();
  }

  /** @param {Frame} frame */
  #passing(frame) {
    if (frame.k === 'read' && frame.by?.kind !== 'customer') this.log.agentRead = Math.max(this.log.agentRead, frame.s ?? 0);
    if (frame.k === 'presence') Object.assign(this.cfg, { online: frame.online, opens: frame.opens });
    if (frame.k === 'queue') this.queue = { place: frame.place, wait: frame.wait };
    if (frame.k === 'typing') {
      this.writer = frame.on === false ? null : { name: frame.by?.name ?? '', until: Date.now() + 8000 };
      setTimeout(() => this.view.draw(), 8100);
    }
    this.view.draw();
  }

  #changed() {
    this.view.draw();
    this.flush();
  }

  /**
   * @param {Pending['d']} d
   * @param {Part[]} parts
   */
  say(d, parts) {
    this.log.outbox.put({ id: newId(), at: new Date().toISOString(), d, parts });
    this.typed = 0;
    this.#changed();
  }

  /** Send what waits, one at a time and in order: the next goes when the hub has the one before. */
  flush() {
    if (this.sending) return;
    const item = this.log.outbox.all().find((one) => !one.failed);
    if (!item || !this.line.send({ t: 'send', id: item.id, d: item.d })) return;
    this.sending = item.id;
    setTimeout(() => this.sending === item.id && this.line.restart(), CONFIRM_MS);
  }

  /** @param {Pending} item */
  retry(item) {
    this.log.outbox.put({ ...item, failed: undefined });
    this.#changed();
  }

  /** @param {Pending} item */
  remove(item) {
    this.log.outbox.drop(item.id);
    this.#changed();
  }

  /** What is being written goes along where the hub has said that agents see it. @param {boolean} on @param {string} text */
  typing(on, text) {
    const now = Date.now();
    if (on ? now - this.typed < TYPING_MS : !this.typed) return;
    this.typed = on ? now : 0;
    this.line.send({ t: 'typing', on, ...(on && this.cfg.preview && { text: text.slice(0, 300) }) });
  }

  /** Tell the hub what was really seen. */
  seen() {
    if (!this.view.visible || document.visibilityState === 'hidden') return;
    if (this.log.markRead()) this.line.send({ t: 'read', s: this.log.read });
    if (this.hinted) this.#hint();
    this.view.draw();
  }

  /** @param {Iterable<File>} given */
  async attach(given) {
    const files = [...given];
    (await this.need(import('./upload.js')))?.begin(this, files);
  }

  /** @param {number} before @param {number} [limit] @returns {Promise<Ev[]>} */
  async history(before, limit = 30) {
    const headers = { Authorization: `Bearer ${this.log.token}` };
    const answer = await fetch(`${this.there}/history?before=${before}&limit=${limit}`, { headers });
    return answer.ok ? (await answer.json()).items : [];
  }

  /** Seldom needed words with the others. @returns {Promise<Record<string, string>>} */
  async more() {
    const answer = await fetch(`${this.base}static/widget/texts/more/${this.lang}.json`);
    return { ...this.view.words, ...(await answer.json()) };
  }

  /**
   * What is fetched with its first use: where it can't be had the page says so, for a while.
   * @template T
   * @param {Promise<T>} fetched
   */
  need(fetched) {
    this.view.warn();
    return fetched.catch(() => this.view.warn(this.view.words.unreachable));
  }

  async earlier() {
    const first = this.log.entries[0]?.s;
    if (!first || first <= 1) return;
    this.log.prepend(await this.history(first));
    this.view.draw();
  }
}

/** @param {string} asked */
function languageOf(asked) {
  if (/^zh.*-(tw|hk|mo|hant)/i.test(asked)) return 'zh-TW';
  const first = asked.toLowerCase().split('-')[0];
  return LANGUAGES.find((one) => one.toLowerCase().split('-')[0] === first) ?? 'en';
}
