/**
 * One connection for all tabs of a site: the tab that holds the lock has the line, the others hear its frames and send through it.
 *
 * A follower is to the leader what the leader is to the hub: it says how far it has the log, and is told what comes after. Where
 * locks or channels are missing (pages without https), or storage, each tab has a line of its own.
 * @module
 */

import { Line } from '../shared/line.js';

/** @typedef {import('../shared/line.js').Ends} Ends */

const MISSED_MS = 4000;

export class SharedLine {
  /**
   * @param {Ends} ends
   * @param {import('./log.js').CustomerLog} log
   */
  constructor(ends, log) {
    this.log = log;
    this.ends = ends;
    /** @type {import('../shared/line.js').LineState} */
    this.state = 'idle';
    /** @type {Frame} */
    this.cfg = { t: '' };
    /** The place in line, for a tab that comes later. @type {Frame} */
    this.queue = { t: '' };
    this.own = new Line({ ...ends, frame: (frame) => this.#heard(frame), state: (state) => this.#be(state) });
    this.leads = false;
    /** @type {BroadcastChannel | null} */
    this.others = null;
  }

  start() {
    if (this.state !== 'idle') return;
    if (!navigator.locks || !window.BroadcastChannel || !this.log.save()) return this.#lead();
    this.#be('connecting');
    this.others = new BroadcastChannel(this.log.key);
    this.others.onmessage = ({ data }) => (this.leads ? this.#asked(data) : this.#told(data));
    this.#ask();
    navigator.locks.request(this.log.key, () => new Promise(() => this.#lead())).catch(() => this.#lead());
  }

  /** @param {Frame} frame */
  send(frame) {
    if (this.leads) return this.own.send(frame);
    if (frame.t === 'send') return true;
    this.others?.postMessage({ up: frame });
    return this.state === 'live';
  }

  restart() {
    if (this.leads) this.own.restart();
    else this.#ask(true);
  }

  #lead() {
    if (this.leads) return;
    this.leads = true;
    clearTimeout(this.late);
    this.state = 'idle';
    this.own.start();
  }

  /** @param {import('../shared/line.js').LineState} state */
  #be(state) {
    if (this.leads) this.#tell({ state });
    if (this.state === state) return;
    this.state = state;
    this.ends.state(state);
  }

  /** @param {any} data */
  #tell(data) {
    this.others?.postMessage(data);
  }

  /** From the hub: for this tab and for the others. @param {Frame} frame */
  #heard(frame) {
    if (frame.t === 'welcome') this.cfg = frame;
    if (frame.k === 'queue') this.queue = frame;
    this.ends.frame(frame);
    this.#tell({ down: [frame] });
  }

  /** Ask the leader for what is missing here; a leader that says nothing hangs, and its lock comes to us when it ends. */
  #ask(anew = false) {
    const { cursor, me, epoch, token } = this.log;
    this.#tell({ since: cursor, me, epoch, token: anew && token });
    clearTimeout(this.late);
    this.late = setTimeout(() => this.#be('waiting'), MISSED_MS);
  }

  /** What a follower asks for, or sends. @param {any} data */
  #asked({ up, since, me, epoch, token }) {
    if (up) this.own.send(up);
    if (token && token !== this.log.token) {
      this.log.again();
      this.own.restart();
    }
    if (since === undefined || this.own.state !== 'live') return this.#tell({ state: this.own.state });
    const { entries, cursor } = this.log;
    const first = entries[0]?.s ?? cursor + 1;
    const resumed = me === this.log.me && epoch === this.log.epoch && since >= first - 1;
    const from = resumed ? since + 1 : first;
    const welcome = { ...this.cfg, me: this.log.me, epoch: this.log.epoch, from, resumed, read: this.log.read };
    this.#tell({ state: 'live', down: [welcome, ...entries.filter((ev) => ev.s >= from), this.queue] });
  }

  /** What the leader says. @param {{state?: import('../shared/line.js').LineState, down?: Frame[]}} data */
  #told({ state, down = [] }) {
    if (!state && !down.length) return;
    clearTimeout(this.late);
    if (state) this.#be(state);
    for (const frame of down) this.ends.frame(frame);
  }
}
