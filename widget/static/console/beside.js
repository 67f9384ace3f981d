/**
 * What stands beside the open conversation, kept as things happen: who has it, whether it is open, what became of replies.
 * @module
 */

import { get } from './api.js';

/** Take what an entry says of the conversation. @param {Detail} detail @param {Ev} ev */
export function follow(detail, ev) {
  const data = ev.d.data ?? {};
  if (ev.k === 'status' && ev.d.of && (data.target === detail.channel || data.via)) {
    detail.deliveries[ev.d.of] = { state: data.state ?? '', reason: data.reason ?? '', delivery: data.delivery ?? '' };
  } else if (ev.k === 'assigned') detail.agent = data.agent ? { id: data.agent, name: data.name ?? '' } : null;
  else if (ev.k === 'resolved' || ev.k === 'reopened') detail.status = ev.k === 'resolved' ? 'resolved' : 'open';
  else if (ev.k === 'changed') changed(detail, data);
}

/** What agents changed unsaid. @param {Detail} detail @param {Facts} data */
function changed(detail, { what, level, tags, until, on }) {
  if (what === 'priority') detail.priority = level;
  else if (what === 'tags') detail.tags = tags ?? detail.tags;
  else if (what === 'translation') detail.translated = on;
  else if (what === 'blocked' || what === 'unblocked') detail.blocked = what === 'blocked';
  else if (what === 'snoozed' || what === 'woken') Object.assign(detail, { snoozed: what === 'snoozed', snoozed_until: what === 'snoozed' ? until : null });
}

/** Whether an entry may change what only the hub can tell: what is due, what the channel still takes, how it was rated.
 * @param {Detail} detail @param {Ev} ev */
export const asks = (detail, ev) => !['note', 'edit', 'delete'].includes(ev.k) && (ev.k !== 'status' || Boolean(detail.window));

/** Ask the hub for it. @param {Detail} detail @returns {Promise<boolean>} whether it came */
export async function renew(detail) {
  const fresh = await get(`/conversations/${detail.id}`).catch(() => null);
  if (!fresh) return false;
  const { window, due, rating, waiting_since, profile, attributes, tags, team, waits_for, status, merged, merged_into } = fresh;
  Object.assign(detail, { window, due, rating, waiting_since, profile, attributes, tags, team, waits_for, status, merged, merged_into });
  return true;
}
