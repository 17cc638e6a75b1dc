// @ts-check
import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { within } from './deadline.mjs';
import { Guest } from './guest.mjs';
import { LabError } from './lab-error.mjs';
import { Qmp } from './qmp.mjs';

/** The arguments that connect QEMU to the lab, which listens before QEMU starts. */
export function connectedTo(/** @type {string} */ console, /** @type {string} */ monitor) {
  return [
    ...['-nodefaults', '-display', 'none', '-no-reboot'],
    ...['-chardev', `socket,id=console,path=${console}`, '-serial', 'chardev:console'],
    ...['-chardev', `socket,id=monitor,path=${monitor}`, '-mon', 'chardev=monitor,mode=control'],
  ];
}

/** A running QEMU. */
export class Machine {
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  #folder;
  #ended;

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {string} folder of its sockets
   * @param {Promise<string>} ended says why
   * @param {Guest} guest
   * @param {Qmp} qmp
   */
  constructor(child, folder, ended, guest, qmp) {
    this.#child = child;
    this.#folder = folder;
    this.#ended = ended;
    /** The guest's shell. */
    this.guest = guest;
    /** QEMU's monitor. */
    this.qmp = qmp;
  }

  /**
   * Starts QEMU; the guest boots meanwhile.
   * @param {string} program
   * @param {readonly string[]} args
   * @param {string} log file for what the guest writes to its console
   * @returns {Promise<Machine>}
   */
  static async start(program, args, log) {
    const folder = mkdtempSync(join(tmpdir(), 'lab-'));
    const console = listen(join(folder, 'console'));
    const monitor = listen(join(folder, 'monitor'));
    await Promise.all([console.listening, monitor.listening]);
    const child = spawn(program, [...connectedTo(console.path, monitor.path), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = endOf(child);
    try {
      const failed = ended.then((why) => Promise.reject(new LabError(`QEMU ended: ${why}`)));
      failed.catch(() => {});
      const both = Promise.all([console.connection, monitor.connection]);
      const [toGuest, toMonitor] = await within(30, "QEMU's start", Promise.race([both, failed]));
      const file = createWriteStream(log);
      toGuest.on('close', () => file.end());
      const machine = new Machine(
        child,
        folder,
        ended,
        new Guest(toGuest, (chunk) => file.write(chunk)),
        new Qmp(toMonitor),
      );
      await machine.qmp.execute('qmp_capabilities');
      return machine;
    } catch (error) {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
      throw error;
    } finally {
      console.close();
      monitor.close();
    }
  }

  /** Ends QEMU, also one that does not listen any more. */
  async stop() {
    this.#child.kill();
    try {
      await within(10, "QEMU's end", this.#ended);
    } catch {
      this.#child.kill('SIGKILL');
      await this.#ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** @param {string} path */
function listen(path) {
  const server = createServer();
  /** @type {Promise<import('node:net').Socket>} */
  const connection = new Promise((resolve) => server.once('connection', resolve));
  const listening = new Promise((resolve, reject) =>
    server.once('error', reject).listen(path, () => resolve(undefined)),
  );
  return { path, connection, listening, close: () => server.close() };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<string>}
 */
function endOf(child) {
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(errors.trim().split('\n')[0] || `code ${code ?? signal}`));
  });
}
