/**
 * A file on its way to the hub: progress, refusal, cancel.
 * @module
 */

import { newId } from '../shared/dom.js';

/** @param {import('./core.js').Core} core @param {File[]} files */
export function begin(core, files) {
  for (const file of files) {
    const upload = new Upload(core, file);
    core.uploads.set(upload.id, upload);
    upload.start();
  }
  core.view.draw();
}

/** A file on its way; it becomes a message once the hub has it. */
export class Upload {
  /** @param {import('./core.js').Core} core @param {File} file */
  constructor(core, file) {
    this.core = core;
    this.file = file;
    this.id = newId();
    this.at = new Date().toISOString();
    this.done = 0;
    this.failed = '';
    /** @type {XMLHttpRequest | undefined} */
    this.request = undefined;
    const kind = /** @type {MediaPart['kind']} */ (file.type.match(/^(image|audio|video)\//)?.[1] ?? 'file');
    this.part = /** @type {MediaPart} */ ({ type: 'media', kind, name: file.name, mime: file.type, size: file.size });
    if (kind === 'image') this.part.url = URL.createObjectURL(file);
  }

  /** Once there is a session: a file may be picked before the hub has answered. */
  start() {
    const { core } = this;
    if (!core.log.token) return void setTimeout(() => core.uploads.has(this.id) && this.start(), 200);
    const body = new FormData();
    body.append('file', this.file);
    const request = new XMLHttpRequest();
    request.open('POST', `${core.there}/files`);
    request.setRequestHeader('Authorization', `Bearer ${core.log.token}`);
    request.responseType = 'json';
    request.upload.onprogress = (event) => this.#at(Math.round((event.loaded / event.total) * 100), '');
    request.onerror = () => this.#at(0, 'failed');
    request.onload = () => (request.status < 300 ? this.#kept(request.response) : this.#at(0, request.status === 413 ? 'tooBig' : 'failed'));
    this.#at(0, '');
    this.request = request;
    request.send(body);
  }

  /** @param {number} done @param {string} failed */
  #at(done, failed) {
    this.done = done;
    this.failed = failed;
    this.core.view.draw();
  }

  /** @param {{id: string, name: string, mime: string, size: number, url: string}} kept */
  #kept(kept) {
    this.core.uploads.delete(this.id);
    this.core.say({ files: [kept.id] }, [{ ...this.part, file: kept.id, url: kept.url }]);
  }

  cancel() {
    this.request?.abort();
    this.core.uploads.delete(this.id);
    this.core.view.draw();
  }
}
