/**
 * Who else is at a conversation: who has it open, and who is writing there. All of it passes by itself.
 * @module
 */

const WRITES_MS = 8000;
const HERE_MS = 45_000;

export class Company {
  constructor() {
    /** @type {Map<string, {by: By, text: string, until: number}>} who is writing, by conversation; `text` where the channel tells what */
    this.writers = new Map();
    /** @type {Map<string, Map<string, {name: string, until: number}>>} colleagues who have a conversation open */
    this.viewers = new Map();
  }

  /** Take what was told. @param {Frame} frame @returns {number} milliseconds after which it may have passed; 0: it was of another kind */
  take({ k, c, on, by, text = '' }) {
    if (k === 'typing' && c) {
      if (on === false) this.writers.delete(c);
      else this.writers.set(c, { by, text: String(text), until: Date.now() + WRITES_MS });
      return WRITES_MS;
    }
    if (k !== 'view' || !c) return 0;
    const here = this.viewers.get(c) ?? new Map();
    if (on === false) here.delete(by.id);
    else here.set(by.id, { name: by.name, until: Date.now() + HERE_MS });
    this.viewers.set(c, here);
    return HERE_MS;
  }

  /** Who is writing, and what as far as it is told. @param {string} c @returns {{by: By, text: string} | null} */
  writer(c) {
    const found = this.writers.get(c);
    return found && found.until > Date.now() ? found : null;
  }

  /** Names of colleagues who have it open too. @param {string} c */
  names(c) {
    return [...(this.viewers.get(c)?.values() ?? [])].filter((one) => one.until > Date.now()).map((one) => one.name);
  }
}
