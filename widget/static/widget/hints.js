/**
 * Signs for somebody who looks elsewhere: a number before the page's title and a soft sound. Loaded with the first such message.
 * @module
 */

import { recall } from '../shared/outbox.js';
import { MUTED } from './menu.js';

const MARK = /^\(\d+\+?\) /;
/** @type {AudioContext | undefined} */
let audio;

/** @param {number} count */
export function title(count) {
  const plain = document.title.replace(MARK, '');
  document.title = count ? `(${count > 99 ? '99+' : count}) ${plain}` : plain;
}

/** Two soft tones; browsers keep silent until somebody has touched the page. */
export function sound() {
  if (recall(MUTED) || !window.AudioContext) return;
  audio ??= new AudioContext();
  if (audio.state !== 'running') return;
  const { currentTime } = audio;
  [660, 880].forEach((pitch, n) => {
    const tone = /** @type {AudioContext} */ (audio).createOscillator();
    const loud = /** @type {AudioContext} */ (audio).createGain();
    const from = currentTime + n * 0.12;
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.05, from);
    loud.gain.exponentialRampToValueAtTime(0.0001, from + 0.25);
    tone.connect(loud).connect(/** @type {AudioContext} */ (audio).destination);
    tone.start(from);
    tone.stop(from + 0.26);
  });
}
