/**
 * A voice note: recorded here, stopped to be sent or thrown away. Loaded when somebody asks for it.
 * @module
 */

import { fill, h } from '../shared/dom.js';
import { sheet } from '../shared/look.js';

const css = sheet(`.note{flex:none;display:flex;align-items:center;gap:10px;margin:0 12px 12px;padding:4px 4px 4px 16px;min-height:52px;border:1px solid var(--red);border-radius:14px;background:var(--paper);font-variant-numeric:tabular-nums}
.note i{width:10px;height:10px;border-radius:50%;background:var(--red);animation:blink 1.2s infinite}.note span{flex:1}
.note button{min-height:44px;padding:0 16px;border:0;border-radius:11px;background:none;color:var(--muted);cursor:pointer}.note .go{background:var(--accent);color:var(--on-accent);font-weight:600}`);
const LONGEST_S = 180;
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];

/**
 * Show the recorder instead of the composer until it is over.
 * @param {HTMLElement} composer
 * @param {Record<string, string>} words
 * @param {(file: File) => void} send
 * @param {(why: string) => void} failed
 */
export async function record(composer, words, send, failed) {
  const root = composer.getRootNode();
  if (root instanceof ShadowRoot && !root.adoptedStyleSheets.includes(css)) root.adoptedStyleSheets.push(css);
  /** @type {MediaStream | undefined} */
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    return failed(words.noMicrophone);
  }
  const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one)) ?? '';
  const recorder = new MediaRecorder(stream, type ? { mimeType: type, audioBitsPerSecond: 32_000 } : {});
  /** @type {Blob[]} */
  const pieces = [];
  const begun = Date.now();
  let wanted = false;
  const time = h('span', { role: 'timer' }, '0:00');
  const drop = h('button', { type: 'button', onclick: () => over(false) }, words.cancel);
  const go = h('button', { type: 'button', class: 'go', onclick: () => over(true) }, words.send);
  const box = h('div', { class: 'note', role: 'group', 'aria-label': words.recording }, h('i', { 'aria-hidden': 'true' }), time, drop, go);
  const ticking = setInterval(tick, 500);
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  recorder.onstop = finished;
  composer.hidden = true;
  composer.after(box);
  go.focus();
  recorder.start();

  function tick() {
    const seconds = Math.floor((Date.now() - begun) / 1000);
    fill(time, `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`);
    if (seconds >= LONGEST_S) over(true);
  }

  /** @param {boolean} keep */
  function over(keep) {
    wanted = keep;
    recorder.stop();
  }

  function finished() {
    clearInterval(ticking);
    for (const track of stream?.getTracks() ?? []) track.stop();
    box.remove();
    composer.hidden = false;
    const mime = recorder.mimeType.split(';')[0];
    const ending = { 'audio/webm': 'webm', 'audio/mp4': 'm4a', 'audio/ogg': 'ogg' }[mime] ?? 'audio';
    if (wanted) send(new File(pieces, `voice.${ending}`, { type: mime }));
    composer.querySelector('textarea')?.focus();
  }
}
