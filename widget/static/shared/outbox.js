/**
 * What was said and not yet confirmed, kept over reloads. One storage key per item, so that tabs never overwrite each other.
 * @module
 */

/** @template {{id: string, at: string}} T */
export class Outbox {
  /** @param {string} prefix */
  constructor(prefix) {
    this.prefix = prefix;
    /** @type {Map<string, string>} used where the browser refuses storage */
    this.memory = new Map();
    this.last = 0;
  }

  /** @returns {T[]} in the order in which they were said */
  all() {
    const keys = [...this.memory.keys()];
    try {
      for (let i = 0; i < localStorage.length; i++) {
        const key = localStorage.key(i);
        if (key?.startsWith(this.prefix) && !this.memory.has(key)) keys.push(key);
      }
    } catch {
      // Without storage the memory is all there is.
    }
    return keys.sort().flatMap((key) => this.#read(key) ?? []);
  }

  /** @param {T} item */
  put(item) {
    const text = JSON.stringify(item);
    const key = this.#key(item.id) ?? this.#next(item);
    try {
      localStorage.setItem(key, text);
      this.memory.delete(key);
    } catch {
      this.memory.set(key, text);
    }
  }

  /** @param {string} id */
  drop(id) {
    const key = this.#key(id);
    if (!key) return false;
    this.memory.delete(key);
    try {
      localStorage.removeItem(key);
    } catch {
      // Nothing was stored.
    }
    return true;
  }

  /** @param {T} item */
  #next(item) {
    this.last = Math.max(this.last + 1, Date.parse(item.at));
    return `${this.prefix}${this.last.toString(36).padStart(10, '0')}.${item.id}`;
  }

  /** @param {string} id */
  #key(id) {
    const known = [...this.memory.keys()].find((key) => key.endsWith(`.${id}`));
    if (known) return known;
    try {
      return Object.keys(localStorage).find((key) => key.startsWith(this.prefix) && key.endsWith(`.${id}`));
    } catch {
      return undefined;
    }
  }

  /** @param {string} key */
  #read(key) {
    try {
      const text = this.memory.get(key) ?? localStorage.getItem(key);
      return text ? /** @type {T} */ (JSON.parse(text)) : undefined;
    } catch {
      return undefined;
    }
  }
}

/**
 * A stored JSON value, or undefined.
 * @param {string} key
 * @returns {any}
 */
export function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * Store a JSON value, or forget it when undefined; false when the browser refuses.
 * @param {string} key
 * @param {any} value
 */
export function remember(key, value) {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
