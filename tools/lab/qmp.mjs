// @ts-check
import { within } from './deadline.mjs';
import { LabError } from './lab-error.mjs';
import { QmpFrames } from './qmp-frames.mjs';

/** @typedef {{ resolve: (value: any) => void, reject: (error: Error) => void }} Waiting */

/** QEMU's monitor: commands with their answers, and events. */
export class Qmp {
  /** @type {import('node:stream').Duplex} */
  #stream;
  #frames = new QmpFrames();
  #last = 0;
  /** @type {Map<number, Waiting>} */
  #commands = new Map();
  /** @type {Map<string, Waiting>} */
  #events = new Map();
  /** @type {LabError | undefined} */
  #closed;

  /** @param {import('node:stream').Duplex} stream */
  constructor(stream) {
    this.#stream = stream;
    stream.on('data', (chunk) => {
      try {
        for (const message of this.#frames.push(chunk)) this.#take(message);
      } catch (error) {
        this.#close(/** @type {LabError} */ (error));
      }
    });
    stream.on('error', () => {});
    stream.on('close', () => this.#close(new LabError("QEMU closed its monitor's connection")));
  }

  /**
   * @param {string} command
   * @param {Record<string, unknown>} [args]
   * @param {number} [seconds]
   * @returns {Promise<any>} what the command returns
   */
  execute(command, args = {}, seconds = 30) {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const id = ++this.#last;
    /** @type {Promise<any>} */
    const answer = new Promise((resolve, reject) => this.#commands.set(id, { resolve, reject }));
    this.#stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    return within(seconds, `QEMU's ${command}`, answer).catch((error) => {
      throw error instanceof LabError ? error : new LabError(`QEMU refuses ${command}: ${error.message}`);
    });
  }

  /**
   * A line for the monitor that people use.
   * @param {string} line
   * @returns {Promise<string>}
   */
  async human(line) {
    const text = await this.execute('human-monitor-command', { 'command-line': line });
    return text.replaceAll('\r', '').trim();
  }

  /**
   * The next event of that name. Ask before the command that brings it about.
   * @param {string} name
   * @param {number} seconds
   * @returns {Promise<any>} its data
   */
  event(name, seconds) {
    const found = new Promise((resolve, reject) => this.#events.set(name, { resolve, reject }));
    return within(seconds, `QEMU's ${name}`, found);
  }

  /** @param {any} message */
  #take(message) {
    if ('event' in message) {
      this.#events.get(message.event)?.resolve(message.data);
      this.#events.delete(message.event);
      return;
    }
    const waiting = this.#commands.get(message.id);
    this.#commands.delete(message.id);
    if ('error' in message) waiting?.reject(new Error(message.error.desc));
    else waiting?.resolve(message.return);
  }

  /** @param {LabError} error */
  #close(error) {
    this.#closed ??= error;
    for (const { reject } of [...this.#commands.values(), ...this.#events.values()]) reject(this.#closed);
    this.#commands.clear();
    this.#events.clear();
  }
}
