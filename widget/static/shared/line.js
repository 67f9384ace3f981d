/**
 * The line to the hub: a WebSocket, or long polling where sockets are blocked, with the same frames on both.
 *
 * It only keeps the line up. What has arrived and what must be sent again is known by its owner, who is asked for a `hello`
 * (with the cursor) each time and told when the line is live, so nothing depends on a connection's own memory.
 * @module
 */

/**
 * @typedef {object} Ends
 * @property {string} socket address of the WebSocket
 * @property {string} [poll] address for long polling; without it only the socket is tried
 * @property {string} [memory] sessionStorage key that remembers that sockets are blocked here
 * @property {() => Frame} hello
 * @property {(frame: Frame) => void} frame
 * @property {(state: LineState) => void} state
 * @property {() => void} denied the token is not known (any more)
 */
/** @typedef {'idle' | 'connecting' | 'live' | 'waiting' | 'refused'} LineState */

const RACE_MS = 2500;
const OPEN_MS = 6000;
const ANSWER_MS = 8000;
const BLOCKED_MS = 60_000;

export class Line {
  /** @param {Ends} ends */
  constructor(ends) {
    this.ends = ends;
    /** @type {LineState} */
    this.state = 'idle';
    this.tries = 0;
    /** @type {WebSocket | null} */
    this.ws = null;
    this.ready = false;
    /** @type {{first: boolean} | null} */
    this.polling = null;
    /** @type {AbortController | null} */
    this.asking = null;
    this.idle = false;
    /** @type {Frame[]} */
    this.up = [];
    this.wait = 25;
    /** @type {Record<string, ReturnType<typeof setTimeout>>} */
    this.timers = {};
    this.heartbeat = 25_000;
  }

  start() {
    if (this.state !== 'idle') return;
    addEventListener('online', this.wake);
    addEventListener('offline', this.#lost);
    document.addEventListener('visibilitychange', this.wake);
    this.#connect();
  }

  stop() {
    removeEventListener('online', this.wake);
    removeEventListener('offline', this.#lost);
    document.removeEventListener('visibilitychange', this.wake);
    this.#hangUp();
    this.#be('idle');
  }

  /** Connect anew at once, from the owner's cursor. */
  restart() {
    if (this.state === 'idle') return;
    this.#hangUp();
    this.#connect();
  }

  /**
   * Hand over a frame; false when the line is down (it is then the owner's to keep).
   * @param {Frame} frame
   */
  send(frame) {
    if (this.state !== 'live') return false;
    if (this.ready && this.ws?.readyState === WebSocket.OPEN) {
      this.ws.send(JSON.stringify(frame));
      return true;
    }
    if (!this.polling) return false;
    this.up.push(frame);
    if (this.idle) this.asking?.abort('more');
    return true;
  }

  /**
   * Network or page is back: try at once, or see if the line answers. Failures without a network say nothing of the hub.
   * @param {Event} event
   */
  wake = ({ type }) => {
    if (type === 'online') this.tries = 0;
    if (document.visibilityState === 'hidden' || this.state === 'idle' || this.state === 'refused') return;
    if (this.state === 'live') this.#ping();
    else if (this.state === 'waiting') this.restart();
  };

  #lost = () => {
    this.#hangUp();
    this.#again();
  };

  /** @param {LineState} state */
  #be(state) {
    if (this.state === state) return;
    this.state = state;
    this.ends.state(state);
  }

  #connect() {
    this.#be('connecting');
    if (this.ends.poll && this.#blocked()) this.#poll();
    else this.#open();
  }

  #open() {
    const ws = (this.ws = new WebSocket(this.ends.socket));
    this.ready = false;
    ws.onopen = () => ws.send(JSON.stringify(this.ends.hello()));
    ws.onmessage = (event) => {
      if (this.ws !== ws) return;
      this.#cancel('answer');
      this.#take(JSON.parse(event.data), true);
    };
    ws.onclose = (event) => {
      if (this.ws === ws) this.#closed(event.code);
    };
    this.#after('open', OPEN_MS, () => this.#failed(ws));
    if (this.ends.poll && !this.polling) this.#after('race', RACE_MS, () => this.#poll());
  }

  /** @param {number} code */
  #closed(code) {
    const wasLive = this.ready;
    this.ws = null;
    this.ready = false;
    this.#cancel('open', 'beat', 'answer');
    if (code === 4401 || code === 4403) this.#ended(code === 4401 ? 'denied' : 'refused');
    else if (wasLive || !this.ends.poll) this.#again();
    else if (this.polling) this.#block();
    else this.#poll();
  }

  /** @param {WebSocket} ws */
  #failed(ws) {
    if (ws !== this.ws) return;
    ws.close();
    this.#closed(1006);
  }

  async #poll() {
    this.#cancel('race');
    const turn = (this.polling = /** @type {{first: boolean}} */ ({ first: true }));
    while (this.polling === turn) {
      if (!turn.first && !this.ws && !this.#blocked()) this.#open();
      const down = await this.#ask(turn.first ? null : this.up.splice(0));
      if (this.polling !== turn) return;
      if (typeof down === 'string') return this.#ended(down);
      if (turn.first) this.#chosen();
      turn.first = false;
      for (const frame of down) this.#take(frame, false);
    }
  }

  /**
   * One request; null is the first one. A wait that is broken off to send something loses nothing: the cursor asks for the
   * same entries again.
   * @param {Frame[] | null} up
   * @returns {Promise<Frame[] | 'denied' | 'refused' | 'failed'>}
   */
  async #ask(up) {
    const hello = this.ends.hello();
    const asking = (this.asking = new AbortController());
    this.idle = up?.length === 0;
    const wait = this.idle ? this.wait : 0;
    const body = { tok: hello.tok, epoch: hello.epoch, since: hello.since, up: up ?? [hello], wait };
    const late = setTimeout(() => asking.abort('late'), wait * 1000 + 10_000);
    try {
      const answer = await fetch(String(this.ends.poll), { method: 'POST', body: JSON.stringify(body), signal: asking.signal });
      if (answer.status === 401) return 'denied';
      if (answer.status === 403) return 'refused';
      const { down } = answer.ok ? await answer.json() : {};
      return down?.length || up ? down ?? 'failed' : 'failed';
    } catch {
      return asking.signal.reason === 'more' ? [] : 'failed';
    } finally {
      this.idle = false;
      clearTimeout(late);
    }
  }

  /** Polling answered before the socket did: stay with it for a while. */
  #chosen() {
    const { ws } = this;
    this.ws = null;
    ws?.close();
    this.#cancel('open', 'race');
    this.#block();
  }

  #block() {
    try {
      sessionStorage.setItem(this.ends.memory ?? '', String(Date.now() + BLOCKED_MS));
    } catch {
      // Only a memory: without it the next page tries the socket first again.
    }
  }

  #blocked() {
    try {
      return Number(sessionStorage.getItem(this.ends.memory ?? '')) > Date.now();
    } catch {
      return false;
    }
  }

  #stopAsking() {
    this.polling = null;
    this.asking?.abort('over');
    this.up = [];
  }

  /** @param {'denied' | 'refused' | 'failed'} why */
  #ended(why) {
    this.polling = null;
    if (why === 'failed') {
      if (!this.ready) this.#again();
      return;
    }
    this.#hangUp();
    this.#be(why === 'refused' ? 'refused' : 'connecting');
    if (why === 'denied') this.ends.denied();
  }

  /**
   * @param {Frame} frame
   * @param {boolean} bySocket
   */
  #take(frame, bySocket) {
    if (frame.t === 'pong') return;
    if (frame.t === 'bye') {
      if (!frame.retry) this.#ended(frame.code === 4401 ? 'denied' : 'refused');
      return;
    }
    if (frame.t === 'welcome') this.#welcomed(/** @type {Welcome} */ (frame), bySocket);
    this.ends.frame(frame);
  }

  /**
   * @param {Welcome} welcome
   * @param {boolean} bySocket
   */
  #welcomed(welcome, bySocket) {
    this.tries = 0;
    this.wait = welcome.lp ?? 25;
    this.heartbeat = (welcome.hb ?? 25) * 1000;
    if (bySocket) {
      this.ready = true;
      this.#cancel('open', 'race');
      this.#stopAsking();
      this.#ping();
    }
    this.#be('live');
  }

  #ping() {
    if (!this.ready || !this.ws) return;
    const { ws } = this;
    ws.send('{"t":"ping"}');
    this.#after('answer', ANSWER_MS, () => this.#failed(ws));
    this.#after('beat', this.heartbeat * (0.8 + Math.random() * 0.4), () => this.#ping());
  }

  #again() {
    this.#be('waiting');
    const most = Math.min(30_000, 500 * 2 ** this.tries++);
    this.#after('retry', 300 + Math.random() * most, () => this.#connect());
  }

  #hangUp() {
    const { ws } = this;
    this.ws = null;
    this.ready = false;
    ws?.close();
    this.#stopAsking();
    this.#cancel(...Object.keys(this.timers));
  }

  /** @param {string} name @param {number} ms @param {() => void} then */
  #after(name, ms, then) {
    clearTimeout(this.timers[name]);
    this.timers[name] = setTimeout(then, ms);
  }

  /** @param {...string} names */
  #cancel(...names) {
    for (const name of names) clearTimeout(this.timers[name]);
  }
}
