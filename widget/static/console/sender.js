/**
 * What agents say, on its way: kept until the hub has it, one at a time per conversation, the same id on every try.
 * @module
 */

import { newId } from '../shared/dom.js';
import { Outbox } from '../shared/outbox.js';
import { Failure, post } from './api.js';

/** How long what is done next waits for a reply that was said before. */
const PATIENCE_S = 10;

export class Sender {
  /**
   * @param {string} agent
   * @param {() => void} changed
   * @param {() => void} reached the hub has taken something
   */
  constructor(agent, changed, reached) {
    /** @type {Outbox<Unsent>} */
    this.outbox = new Outbox(`frontdesk say ${agent} `);
    this.changed = changed;
    this.reached = reached;
    /** @type {Set<string>} conversations with a call under way */
    this.busy = new Set();
    /** @type {Unsent[]} the hub has them; they show until their entries come */
    this.kept = [];
    this.tries = 0;
    /** @type {Map<string, number>} until when what this browser said can be taken back */
    this.undoable = new Map();
  }

  /** Seconds that are left to take something back. @param {string | undefined} id */
  left(id) {
    return Math.max(0, Math.ceil(((this.undoable.get(id ?? '') ?? 0) - Date.now()) / 1000));
  }

  /** Take a reply back before it leaves. @param {string} c @param {string} of */
  async undo(c, of) {
    this.undoable.delete(of);
    this.changed();
    await post(`/conversations/${c}/undo`, { id: newId(), of });
  }

  /** @param {string} c @returns {Unsent[]} */
  of(c) {
    return [...this.kept, ...this.outbox.all()].filter((item) => item.c === c);
  }

  /** @param {Omit<Unsent, 'id' | 'at'>} item */
  say(item) {
    this.outbox.put({ ...item, id: newId(), at: new Date().toISOString() });
    this.changed();
    this.flush();
  }

  /** @param {Unsent} item @param {boolean} [force] */
  retry(item, force = false) {
    this.outbox.put({ ...item, failed: undefined, force });
    this.changed();
    this.flush();
  }

  /** @param {Unsent} item */
  drop(item) {
    this.outbox.drop(item.id);
    this.changed();
  }

  /** @param {string} id the entry has come */
  seen(id) {
    this.outbox.drop(id);
    this.kept = this.kept.filter((item) => item.id !== id);
  }

  flush() {
    /** @type {Set<string>} */
    const blocked = new Set(this.busy);
    for (const item of this.outbox.all()) {
      if (item.failed || blocked.has(item.c)) continue;
      blocked.add(item.c);
      this.#send(item);
    }
  }

  /**
   * The same conversation, once the hub has what was said there: who resolves must not overtake their own reply. A reply that
   * can't get there for long is an error.
   * @param {string} c
   */
  async said(c) {
    for (let turn = 0; this.outbox.all().some((item) => item.c === c && !item.failed); turn++) {
      if (turn >= PATIENCE_S * 5) throw new Failure(409, 'unsaid', '');
      await new Promise((done) => setTimeout(done, 200));
    }
    return c;
  }

  /** @param {Unsent} item */
  async #send(item) {
    this.busy.add(item.c);
    const { id, kind, text, files, cards, form, base, force, delay, reply_to, to } = item;
    let wait = 0;
    try {
      await post(`/conversations/${item.c}/entries`, { id, kind, text, files, cards, form, base, force, delay, reply_to, to });
      if (delay) this.undoable.set(id, Date.now() + delay * 1000);
      this.tries = 0;
      this.reached();
      if (this.outbox.drop(id)) this.kept.push(item);
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure(0, 'unreachable', '');
      if (failure.passing) wait = (failure.after ?? 0) * 1000 + 300 + Math.random() * Math.min(30_000, 500 * 2 ** this.tries++);
      else if (failure.status !== 401) this.outbox.put({ ...item, failed: failure.code === 'stale' ? 'stale' : failure.message || failure.code });
    }
    this.busy.delete(item.c);
    this.changed();
    if (wait) setTimeout(() => this.flush(), wait);
    else this.flush();
  }
}
