/**
 * What an agent leaves behind on signing out: nothing.
 * @module
 */

/**
 * Leave nothing in this browser but what is kept.
 * @param {string[]} kept keys that are not about anybody
 */
export function forget(kept) {
  try {
    for (const key of Object.keys(localStorage)) if (!kept.includes(key)) localStorage.removeItem(key);
    sessionStorage.clear();
  } catch {
    // Without storage there is nothing to forget.
  }
}
