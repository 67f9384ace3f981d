/**
 * What belongs to something said before: further pictures of an album, signs on a message.
 * @module
 */

/** @typedef {{id: string, parts: Part[]}} Piece */
/** @typedef {{parts: Part[], album?: string, pieces?: Piece[], signs?: string}} Said */

/** What a message needs that others may join. @param {Ev} ev */
export const albumOf = ({ d }) => (d.album ? { album: d.album, pieces: [{ id: d.mid, parts: d.parts ?? [] }] } : {});

/** Let a message join the album that was said last, if it belongs there. @param {Said | undefined} last @param {Ev} ev */
export function joins(last, { d }) {
  if (!d.album || last?.album !== d.album) return false;
  last.pieces?.push({ id: d.mid, parts: d.parts ?? [] });
  last.parts = [...last.parts, ...(d.parts ?? [])];
  return true;
}

/** Change what one message said; whether anything is left of the whole. @param {Said} whole @param {Ev} ev */
export function replaced(whole, { d }) {
  const piece = whole.pieces?.find((one) => one.id === d.of);
  const parts = d.parts ?? [];
  if (piece) piece.parts = parts;
  const left = piece && whole.pieces ? whole.pieces.flatMap((one) => one.parts) : parts;
  if (left.length) whole.parts = left;
  return left.length > 0;
}

/** Set the signs that an event tells of, if it is a reaction. @param {Said | '' | undefined} about @param {Ev} ev */
export function reacts(about, { k, d }) {
  const part = d.parts?.[0];
  if (!about || k !== 'event' || part?.type !== 'event' || part.kind !== 'reacted') return false;
  about.signs = part.data;
  return true;
}
