// @ts-check
import { StringDecoder } from 'node:string_decoder';
import { LabError } from './lab-error.mjs';

/** Cuts what QEMU's monitor sends into messages: one JSON object per line, in pieces of any length. */
export class QmpFrames {
  #decoder = new StringDecoder('utf8');
  #rest = '';

  /**
   * @param {Buffer} chunk
   * @returns {any[]} the messages that are complete now
   */
  push(chunk) {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = /** @type {string} */ (lines.pop());
    return lines.filter((line) => line.trim() !== '').map(message);
  }
}

/** @param {string} line */
function message(line) {
  try {
    return JSON.parse(line);
  } catch {
    throw new LabError(`QEMU's monitor sent what is no JSON: ${line.slice(0, 80)}`);
  }
}
