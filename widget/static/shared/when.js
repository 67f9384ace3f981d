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
function format(lang, how) {
  const key = lang + JSON.stringify(how);
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.DateTimeFormat(lang, how)));
  return found;
}

/** @param {Date} day */
const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();

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

/**
 * The shortest that says when: a time for today, a date otherwise.
 * @param {string} at
 * @param {string} lang
 */
export function briefly(at, lang) {
  const date = new Date(at);
  const days = Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
  if (days === 0) return timeOf(at, lang);
  if (days === 1) return dayOf(at, lang);
  if (days < 300) return format(lang, { month: lang.startsWith('zh') ? 'long' : 'short', day: 'numeric' }).format(date);
  return format(lang, { year: 'numeric', month: '2-digit', day: '2-digit' }).format(date);
}

/**
 * How long it has been: minutes and seconds below an hour, then hours, then days.
 * @param {string} since
 * @param {Record<string, string>} words
 */
export function elapsed(since, words) {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1000));
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  if (seconds < 172_800) return words.hours.replace('{n}', String(Math.floor(seconds / 3600)));
  return words.days.replace('{n}', String(Math.floor(seconds / 86_400)));
}
