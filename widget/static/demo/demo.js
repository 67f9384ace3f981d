/*
 * The demo page's language (?lang=, then what was chosen before, then the browser's) and its "ask" button.
 */
{
  const root = document.documentElement;
  const key = 'demo language';
  const asked = new URLSearchParams(location.search).get('lang');
  if (asked) localStorage.setItem(key, asked);
  root.lang = /^zh/i.test(asked ?? localStorage.getItem(key) ?? navigator.language) ? 'zh-CN' : 'en';
  addEventListener('DOMContentLoaded', () => {
    document.title = root.lang === 'en' ? 'Qinglan Tea' : '青岚茶事';
    document.querySelector(`[data-go="${root.lang}"]`)?.setAttribute('aria-current', 'true');
    document.querySelector('[data-ask]')?.addEventListener('click', () => /** @type {any} */ (window).Frontdesk?.open());
  });
}
