/**
 * Calls to the sandbox: what it shows (a long poll), and what somebody does.
 * @module
 */
import { t } from './words.js';

/** @type {(text: string) => void} */
let tell = () => {};

/** @param {(text: string) => void} told where mistakes are shown */
export function telling(told) {
  tell = told;
}

/** @param {string} side @param {string} what @param {object} [more] @returns {Promise<boolean>} */
export async function act(side, what, more = {}) {
  return (await asked(side, what, more)) !== undefined;
}

/** What an act answers; undefined when it was refused. @param {string} side @param {string} what @param {object} [more] @returns {Promise<any>} */
export async function asked(side, what, more = {}) {
  const body = JSON.stringify({ ...more, side, act: what });
  return post('/act', body, 'application/json');
}

/** @param {string} side @param {File} file */
export const picture = (side, file) => post(`/picture/${side}`, file, file.type);

/** @param {string} url @param {BodyInit} body @param {string} type @returns {Promise<any>} */
async function post(url, body, type) {
  try {
    const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } });
    const found = await answer.json();
    tell(answer.ok ? '' : t('refused') + found.error);
    return answer.ok ? (found.answer ?? null) : undefined;
  } catch {
    tell(t('lost'));
    return undefined;
  }
}

/** Follow what both sides show. @param {(state: any) => void} show @param {(lost: boolean) => void} lost */
export async function follow(show, lost) {
  let seen = '';
  for (;;) {
    try {
      const answer = await fetch(`/state?seen=${seen}`);
      const state = await answer.json();
      seen = answer.headers.get('x-stamp') ?? '';
      lost(false);
      show(state);
    } catch {
      lost(true);
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}
