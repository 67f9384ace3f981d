/**
 * The widget's look. Themes by CSS variables (`--fd-accent`, `--fd-on-accent`, `--fd-radius`, `--fd-font`, `--fd-z`) and parts.
 * @module
 */

import { colours, FONT, PARTS, sheet } from '../shared/look.js';

const PANEL = `
*{box-sizing:border-box}
[hidden]{display:none!important}
.panel{all:initial;position:fixed;inset-block-end:92px;inset-inline-end:20px;width:400px;max-width:calc(100vw - 40px);height:640px;max-height:calc(100dvh - 112px);
background:var(--paper);color:var(--ink);border-radius:var(--fd-radius,16px);box-shadow:var(--shadow);overflow:clip;flex-direction:column;font:15px/1.55 var(--fd-font,${FONT});-webkit-text-size-adjust:100%}
.panel:not([open]){display:none}.panel[open]{display:flex;animation:rise .16s ease-out}
.panel:lang(zh){line-height:1.65}
.panel::backdrop{background:none}
:host([data-side=left]) .panel{inset-inline:20px auto}
@keyframes rise{from{opacity:0;transform:translateY(8px)}}
.head{display:flex;gap:12px;min-height:74px;padding-block-start:13px;padding-inline:16px 12px;border-block-end:1px solid var(--line);flex:none}
.avatar{position:relative;flex:none;display:grid;place-items:center;width:40px;height:40px;border-radius:50%;background:var(--accent);color:var(--on-accent);font-weight:600;font-size:16px}
.dot{position:absolute;inset-block-end:-1px;inset-inline-end:-1px;width:13px;height:13px;border-radius:50%;background:var(--edge);border:2.5px solid var(--paper)}
.dot.on{background:var(--green)}
.names{flex:1;min-width:0}
h2{margin:0;font-size:16px;font-weight:600;line-height:1.3;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.hint{flex:none;margin:-6px 16px 10px;font-size:12px;line-height:1.4;color:var(--muted)}
.under{margin:1px 0 5px;font-size:13px;line-height:1.35;color:var(--muted)}
button{font:inherit;color:inherit}
.plain{flex:none;display:grid;place-items:center;width:44px;height:44px;padding:0;border:0;border-radius:10px;background:none;color:var(--muted);cursor:pointer}
.plain:hover{background:var(--soft);color:var(--ink)}
:focus-visible{outline:2px solid var(--link);outline-offset:1px}
textarea:focus-visible{outline:0}
.bar{flex:none;background:var(--amber-soft);color:var(--amber);font-size:13px;line-height:1.45;padding:9px 16px}
.bar:empty{display:none}
.scroll{flex:1;min-height:0;overflow-y:auto;overscroll-behavior:contain;padding:14px 16px 0;scrollbar-width:thin;scrollbar-color:var(--line) transparent;outline-offset:-2px}
.list{display:flex;flex-direction:column}
.earlier{display:block;margin:0 auto 8px;padding:6px 14px;min-height:32px;border:1px solid var(--line);border-radius:16px;background:none;color:var(--muted);font-size:13px;cursor:pointer}
.earlier:hover,.newer:hover{color:var(--ink);background:var(--soft)}
.day{display:flex;align-items:center;gap:12px;color:var(--muted);font-size:12px;margin:8px 0 12px}
.day::before,.day::after{content:"";flex:1;height:1px;background:var(--line)}
.line{text-align:center;color:var(--muted);font-size:13px;margin:12px 16px}
.row{display:flex;flex-direction:column;align-items:flex-start;margin-block-start:2px;max-width:86%;align-self:flex-start}
.row.first{margin-block-start:8px}
.row.own{align-self:flex-end;align-items:flex-end}
.who{font-size:12px;line-height:1.5;color:var(--muted);margin:2px 4px 3px}
.bubble{padding:9px 13px;border-radius:14px;background:var(--soft);min-width:0;max-width:100%;animation:in .16s ease-out}
@keyframes in{from{opacity:0}}
.row:not(.own).last .bubble{border-end-start-radius:4px}
.own .bubble{background:var(--accent);color:var(--on-accent)}
.own.last .bubble{border-end-end-radius:4px}
.bubble.bare{padding:0;background:none}.bubble.bare img{border-radius:14px;border:1px solid var(--line)}
.bubble.gone{background:none;border:1px solid var(--line);color:var(--muted)}
.meta{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 10px;font-size:12px;line-height:1.5;color:var(--muted);margin:3px 4px 4px;font-variant-numeric:tabular-nums}
.own .meta{justify-content:flex-end}
.meta.failed{color:var(--red)}
.meta button{border:0;background:none;padding:2px;min-height:24px;text-decoration:underline;text-underline-offset:2px;cursor:pointer}
.list>.options{margin:10px 0 4px}
.list>.options .option{min-height:36px}
.float{position:relative;height:0}
.newer{position:absolute;inset-block-end:8px;inset-inline:0;width:fit-content;margin:auto;padding:7px 16px;border-radius:18px;border:1px solid var(--line);background:var(--paper);color:var(--ink);font-size:13px;white-space:nowrap;box-shadow:var(--shadow);cursor:pointer}
.typing{flex:none;min-height:24px;padding:0 18px;font-size:13px;line-height:24px;color:var(--muted);display:flex;align-items:center;gap:8px}
.dots{display:inline-flex;gap:3px}.dots i{width:5px;height:5px;border-radius:50%;background:var(--muted);animation:blink 1.2s infinite}.dots i+i{animation-delay:.15s}.dots i+i+i{animation-delay:.3s}
@keyframes blink{0%,60%,100%{opacity:.35}30%{opacity:1}}
.composer{flex:none;display:flex;align-items:flex-end;gap:2px;margin:0 12px 12px;padding:4px;border:1px solid var(--edge);border-radius:14px;background:var(--paper)}
.composer:focus-within{border-color:var(--link);box-shadow:0 0 0 1px var(--link)}
textarea{flex:1;min-width:0;max-height:132px;margin:0;padding:10px 4px;border:0;outline:0;resize:none;background:none;color:inherit;font:inherit;line-height:24px;overflow-y:auto;scrollbar-width:thin}
textarea::placeholder{color:var(--muted);opacity:1}textarea:placeholder-shown{direction:inherit;white-space:nowrap;text-overflow:ellipsis}
.send{flex:none;display:grid;place-items:center;width:44px;height:44px;border:0;border-radius:11px;background:var(--soft);color:var(--muted);cursor:pointer;transition:.12s}
.send.ready{background:var(--accent);color:var(--on-accent)}
.vh{position:absolute;width:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(max-width:480px){:host(:not([data-mode=page])) .panel{inset:0;width:100vw;max-width:none;height:var(--view,100dvh);max-height:none;border-radius:0}textarea{font-size:16px}}
:host([data-mode=page]) .panel{inset:0;margin:0 auto;width:100%;max-width:720px;height:100dvh;max-height:none;border-radius:0;box-shadow:none;border-inline:1px solid var(--line);animation:none}
@media(prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
`;

export const css = sheet(colours(':host'), PARTS, PANEL);
