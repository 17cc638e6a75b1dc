// @ts-check
import { within } from './deadline.mjs';
import { commandLine, GuestOutput } from './guest-output.mjs';
import { LabError } from './lab-error.mjs';

/** The shell of the guest, at the other end of its console. */
export class Guest {
  /** @type {import('node:stream').Duplex} */
  #stream;
  #output = new GuestOutput();
  #last = 0;
  /** @type {{ take: () => any, resolve: (value: any) => void, reject: (error: Error) => void } | undefined} */
  #waiting;
  #closed = false;

  /**
   * @param {import('node:stream').Duplex} stream
   * @param {(chunk: Buffer) => void} log gets all that the guest writes
   */
  constructor(stream, log) {
    this.#stream = stream;
    stream.on('data', (chunk) => {
      log(chunk);
      this.#output.push(chunk);
      this.#look();
    });
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#closed = true;
      this.#look();
    });
  }

  /**
   * Waits for the shell.
   * @param {number} seconds
   * @returns {Promise<void>}
   */
  async ready(seconds) {
    await this.#until(seconds, "the guest's start", () => (this.#output.takeReady() ? true : undefined));
  }

  /**
   * Runs a command in the guest.
   * @param {string} command one line of shell
   * @param {number} [seconds]
   * @returns {Promise<import('./guest-output.mjs').Ended>}
   */
  run(command, seconds = 120) {
    const number = ++this.#last;
    const line = commandLine(number, command);
    if (line === undefined) throw new LabError(`a command for the guest is one line of less than 4 KiB: ${command}`);
    this.#stream.write(line);
    return this.#until(seconds, `"${command}" in the guest`, () => this.#output.takeEnd(number));
  }

  /**
   * What a command prints that must not fail.
   * @param {string} command
   * @returns {Promise<string>}
   */
  async read(command) {
    const { output, status } = await this.run(command);
    if (status !== 0) throw new LabError(`"${command}" failed in the guest (${status}): ${output.trim()}`);
    return output.trimEnd();
  }

  /**
   * @template T
   * @param {number} seconds
   * @param {string} what
   * @param {() => T | undefined} take
   * @returns {Promise<T>}
   */
  #until(seconds, what, take) {
    const found = new Promise((resolve, reject) => {
      this.#waiting = { take, resolve, reject };
      this.#look();
    });
    return within(seconds, what, found);
  }

  #look() {
    if (this.#waiting === undefined) return;
    const { take, resolve, reject } = this.#waiting;
    const found = take();
    if (found !== undefined) {
      this.#waiting = undefined;
      resolve(found);
      return;
    }
    const panic = this.#output.panic();
    if (panic !== undefined) reject(new LabError(`the kernel panicked: ${panic}`));
    else if (this.#closed) reject(new LabError(`the guest is gone; its last line: ${this.#output.lastLine()}`));
  }
}
