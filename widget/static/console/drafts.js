/**
 * Drafts: kept at once in this browser and soon on the hub, so that every browser of an agent has them.
 * @module
 */

import { newId } from '../shared/dom.js';
import { recall, remember } from '../shared/outbox.js';
import { call, get } from './api.js';

const SOON_MS = 500;
const AGAIN_MS = 5000;

/** @typedef {{text: string, kind: 'reply' | 'note'}} Draft */

export class Drafts extends EventTarget {
  /** @param {string} agent */
  constructor(agent) {
    super();
    this.agent = agent;
    this.tab = newId();
    /** @type {Set<string>} conversations in which something was begun */
    this.begun = new Set();
    /** @type {Map<string, ReturnType<typeof setTimeout>>} changes that the hub does not have yet */
    this.waiting = new Map();
  }

  async start() {
    const found = await get('/me/drafts').catch(() => null);
    for (const c of found?.items ?? []) this.begun.add(c);
    this.dispatchEvent(new Event('begun'));
  }

  /** @param {string} c */
  #key(c) {
    return `frontdesk draft ${this.agent} ${c}`;
  }

  /** What is to be shown: what this browser has and the hub does not yet, else what the hub has. @param {Detail} detail @returns {Draft} */
  of(detail) {
    const here = recall(this.#key(detail.id));
    return here ?? { text: detail.draft?.text ?? '', kind: detail.draft?.kind ?? 'reply' };
  }

  /** @param {string} c @param {Draft} draft */
  keep(c, draft) {
    remember(this.#key(c), draft);
    const before = this.begun.size;
    if (draft.text) this.begun.add(c);
    else this.begun.delete(c);
    if (before !== this.begun.size) this.dispatchEvent(new Event('begun'));
    this.#later(c, SOON_MS);
  }

  /** @param {string} c @param {number} ms */
  #later(c, ms) {
    clearTimeout(this.waiting.get(c));
    this.waiting.set(c, setTimeout(() => this.#send(c), ms));
  }

  /** @param {string} c */
  async #send(c) {
    const draft = recall(this.#key(c));
    this.waiting.delete(c);
    if (!draft) return;
    try {
      await call('PUT', `/conversations/${c}/draft`, { ...draft, by: this.tab });
      if (!this.waiting.has(c)) remember(this.#key(c), undefined);
    } catch (error) {
      if (/** @type {import('./api.js').Failure} */ (error).passing && !this.waiting.has(c)) this.#later(c, AGAIN_MS);
    }
  }

  /** Another browser of this agent kept a draft. @param {Frame} frame @returns {Promise<Draft | null>} */
  async told(frame) {
    const { c, tab } = frame;
    if (tab === this.tab || this.waiting.has(c)) return null;
    const draft = await get(`/conversations/${c}/draft`).catch(() => null);
    if (!draft || this.waiting.has(c)) return null;
    if (draft.text) this.begun.add(c);
    else this.begun.delete(c);
    this.dispatchEvent(new Event('begun'));
    return draft;
  }
}
