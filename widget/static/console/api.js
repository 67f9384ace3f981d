/**
 * Calls to the hub: JSON in, JSON out, errors as a code and a sentence.
 * @module
 */

const API = '/console/api';
/** How long an answer may take. A connection that died in silence would keep a reply, and all after it, for many minutes. */
const PATIENCE_MS = 15_000;

/** An answer that is an error; status 0 means that the hub was not reached. */
export class Failure extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {number} [after] seconds to wait */
  constructor(status, code, message, after) {
    super(message);
    this.status = status;
    this.code = code;
    this.after = after;
  }

  /** Whether the same call may go well later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** What to do when the session is over. */
export const session = { over: () => {} };

/** What an answer says; one cut off after its head is none, and an error of somebody in between may be a page. @param {Response} answer */
const read = (answer) => (answer.ok ? answer.json() : answer.json().catch(() => ({})));

/**
 * @param {string} method
 * @param {string} path
 * @param {any} [body] JSON, or a form with a file
 * @returns {Promise<any>}
 */
export async function call(method, path, body) {
  const form = body instanceof FormData;
  const headers = { 'X-Frontdesk': '1', ...(body && !form ? { 'Content-Type': 'application/json' } : {}) };
  let answer;
  let told = null;
  const given = new AbortController();
  const late = form ? 0 : setTimeout(() => given.abort(), PATIENCE_MS);
  try {
    answer = await fetch(API + path, { method, headers, body: form || !body ? body : JSON.stringify(body), signal: given.signal });
    if (answer.status !== 204) told = await read(answer);
  } catch {
    throw new Failure(0, 'unreachable', '');
  } finally {
    clearTimeout(late);
  }
  if (answer.ok) return told;
  const { code = 'failed', message = '' } = told.error ?? {};
  if (answer.status === 401 && code !== 'credentials') session.over();
  throw new Failure(answer.status, code, message, Number(answer.headers.get('retry-after')) || undefined);
}

/** @param {string} path */
export const get = (path) => call('GET', path);

/** @param {string} path @param {any} body */
export const post = (path, body) => call('POST', path, body);
