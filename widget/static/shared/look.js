/**
 * The colours of both faces and the look of what people say.
 * @module
 */

const LIGHT = `--ink:#1b1f24;--muted:#59636e;--line:#e3e6ea;--edge:#868f99;--soft:#f1f3f5;--paper:#fff;--ground:#f7f8f9;
--accent:var(--fd-accent,#0b6bcb);--on-accent:var(--fd-on-accent,#fff);--link:#0a5db1;--tint:#e7f0fb;
--amber:#7a4a00;--amber-soft:#fff3d3;--red:#b3261e;--green:#1a7f37;--shadow:0 12px 40px rgb(20 30 45/.18),0 2px 8px rgb(20 30 45/.08);color-scheme:light`;
const DARK = `--ink:#e8eaed;--muted:#a0a8b1;--line:#2d343c;--edge:#737d88;--soft:#242a31;--paper:#16191d;--ground:#101316;
--accent:var(--fd-accent-dark,var(--fd-accent,#1f6fc4));--on-accent:var(--fd-on-accent,#fff);--link:#8ec5ff;--tint:#16304d;
--amber:#f2c46d;--amber-soft:#33270d;--red:#ffa198;--green:#57c273;--shadow:0 12px 40px rgb(0 0 0/.5),0 0 0 1px #2d343c;color-scheme:dark`;

/** @param {string} root the selector of what carries `data-theme` */
export function colours(root) {
  const on = (/** @type {string} */ condition) => (root === ':host' ? `:host(${condition})` : root + condition);
  return `${root}{${LIGHT}}@media(prefers-color-scheme:dark){${on(':not([data-theme=light])')}{${DARK}}}${on('[data-theme=dark]')}{${DARK}}`;
}

export const FONT = `system-ui,-apple-system,"Segoe UI","PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC",sans-serif`;

/** What `shared/parts.js` makes. */
export const PARTS = `
.bubble p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.bubble p+*,.bubble .picture+*,.bubble .file+*{margin-top:6px}
.bubble a{color:inherit;text-underline-offset:2px;overflow-wrap:anywhere}
.bubble .odd{color:var(--muted)}
.options{display:flex;flex-wrap:wrap;gap:8px}
.option{font:inherit;font-size:14px;line-height:20px;padding:7px 14px;border-radius:18px;border:1px solid var(--link);color:var(--link);background:none;text-decoration:none;cursor:pointer;text-align:start}
span.option{cursor:default;border-color:var(--line);color:var(--muted)}
button.option:hover,a.option:hover{background:var(--tint)}
`;

/**
 * @param {...string} css
 */
export function sheet(...css) {
  const made = new CSSStyleSheet();
  made.replaceSync(css.join('\n'));
  return made;
}
