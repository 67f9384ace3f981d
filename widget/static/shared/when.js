/**
 * Times in the words of a language.
 * @module
 */

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * @param {string} lang
 * @param {Intl.DateTimeFormatOptions} how
 */
export function format(lang, how) {
  const key = lang + JSON.stringify(how);
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.DateTimeFormat(lang, how)));
  return found;
}

/** @param {Date} day */
export const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();

/**
 * @param {string} at
 * @param {string} lang
 */
export function timeOf(at, lang) {
  return format(lang, { hour: lang.startsWith('zh') ? '2-digit' : 'numeric', minute: '2-digit' }).format(new Date(at));
}

/**
 * The day in words: today, yesterday, or its date; the year only when it is another one.
 * @param {string} at
 * @param {string} lang
 */
export function dayOf(at, lang) {
  const date = new Date(at);
  const days = Math.round((midnight(date) - midnight(new Date())) / 86_400_000);
  if (days > -2 && days < 2) {
    const words = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' }).format(days, 'day');
    return words.charAt(0).toLocaleUpperCase(lang) + words.slice(1);
  }
  const other = date.getFullYear() !== new Date().getFullYear();
  return format(lang, { month: 'long', day: 'numeric', weekday: other ? undefined : 'long', year: other ? 'numeric' : undefined }).format(date);
}
