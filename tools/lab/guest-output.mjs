// @ts-check
import { StringDecoder } from 'node:string_decoder';

/** The line that says that the guest's shell waits for commands. */
export const READY = '<lab ready>';

/** @typedef {{ output: string, status: number }} Ended what a command printed, and its exit status */

/** What the guest writes to its console: the kernel's messages, and what commands print between their marks. */
export class GuestOutput {
  #decoder = new StringDecoder('utf8');
  /** What nobody has asked for yet. */
  #text = '';

  /** @param {Buffer} chunk */
  push(chunk) {
    this.#text += this.#decoder.write(chunk).replaceAll('\r', '');
  }

  /** Whether the shell has come up; what was printed before it is dropped then. */
  takeReady() {
    const at = this.#text.indexOf(`${READY}\n`);
    if (at < 0) return false;
    this.#text = this.#text.slice(at + READY.length + 1);
    return true;
  }

  /**
   * The command's end, when it has come.
   * @param {number} number of the command
   * @returns {Ended | undefined}
   */
  takeEnd(number) {
    const found = new RegExp(`<lab ${number} ended (\\d+)>\n`).exec(this.#text);
    if (found === null) return undefined;
    const output = this.#text.slice(0, found.index);
    this.#text = this.#text.slice(found.index + found[0].length);
    return { output, status: Number(found[1]) };
  }

  /** What the kernel died of, when it did. */
  panic() {
    return /Kernel panic - not syncing: (.*)/.exec(this.#text)?.[1];
  }

  /** The last line, for an error. */
  lastLine() {
    return this.#text.trimEnd().split('\n').at(-1) ?? '';
  }
}

/** The longest line that the console's driver takes: N_TTY_BUF_SIZE of drivers/tty/n_tty.c, with its end. */
const LONGEST = 4095;

/**
 * The line that has the guest's shell run a command.
 * @param {number} number
 * @param {string} command
 * @returns {string | undefined} undefined when it does not fit into one line
 */
export function commandLine(number, command) {
  const line = `${number} ${command}\n`;
  return command.includes('\n') || Buffer.byteLength(line) > LONGEST ? undefined : line;
}

/**
 * The guest's first process: a shell that reads numbered commands from the console and marks their ends.
 * @param {string} busybox its path in the guest
 * @returns {string}
 */
export function guestShell(busybox) {
  return [
    `#!${busybox} sh`,
    `${busybox} mkdir -p /proc /sys /dev /bin /tmp`,
    ...['proc /proc', 'sysfs /sys', 'devtmpfs /dev'].map((what) => `${busybox} mount -t ${what.split(' ')[0]} ${what}`),
    `${busybox} --install -s /bin`,
    'export PATH=/bin',
    'stty -echo',
    'echo 0 > /proc/sys/kernel/kptr_restrict',
    // Messages of the kernel would stand in the middle of answers.
    'echo 1 > /proc/sys/kernel/printk',
    `echo '${READY}'`,
    'while read -r number line; do',
    '  (eval "$line") 2>&1',
    '  echo "<lab $number ended $?>"',
    'done',
    '',
  ].join('\n');
}
