// @ts-check
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Guest } from '../guest.mjs';
import { commandLine, GuestOutput, guestShell, READY } from '../guest-output.mjs';

describe('what the guest writes', () => {
  it('is cut at the marks, whatever the pieces are', () => {
    const bytes = Buffer.from(
      `[ 0.0] Linux é\r\n${READY}\r\nfirst\r\nno end of line<lab 1 ended 0>\r\n<lab 2 ended 127>\r\n`,
    );
    for (let cut = 0; cut <= bytes.length; cut++) {
      const output = new GuestOutput();
      output.push(bytes.subarray(0, cut));
      output.push(bytes.subarray(cut));
      expect(output.takeReady()).toBe(true);
      expect(output.takeEnd(1)).toEqual({ output: 'first\nno end of line', status: 0 });
      expect(output.takeEnd(2)).toEqual({ output: '', status: 127 });
    }
  });

  it('has no end of a command before its mark, nor that of another', () => {
    const output = new GuestOutput();
    output.push(Buffer.from('text\n<lab 1 ended 0>\n'));
    expect(output.takeReady()).toBe(false);
    expect(output.takeEnd(11)).toBeUndefined();
    expect(output.takeEnd(1)).toEqual({ output: 'text\n', status: 0 });
    expect(output.takeEnd(1)).toBeUndefined();
  });

  it('names what the kernel died of', () => {
    const output = new GuestOutput();
    expect(output.panic()).toBeUndefined();
    output.push(Buffer.from('[    1.2] Kernel panic - not syncing: No working init found.\n'));
    expect(output.panic()).toBe('No working init found.');
  });
});

describe('a command for the guest', () => {
  it('is one numbered line that fits into the console', () => {
    expect(commandLine(7, 'cat /proc/iomem')).toBe('7 cat /proc/iomem\n');
    expect(commandLine(1, `echo ${'x'.repeat(4087)}`)).toHaveLength(4095);
    expect(commandLine(1, `echo ${'x'.repeat(4088)}`)).toBeUndefined();
    expect(commandLine(1, 'echo a\necho b')).toBeUndefined();
  });

  it('is read by a shell that says that it is ready, last of all', () => {
    const lines = guestShell('/lab/busybox').split('\n');
    expect(lines[0]).toBe('#!/lab/busybox sh');
    expect(lines.indexOf(`echo '${READY}'`)).toBe(lines.findIndex((line) => line.startsWith('while read')) - 1);
  });
});

/**
 * A guest whose shell answers.
 * @param {(number: string, command: string) => string} shell
 */
function console_(shell) {
  const stream = new Duplex({
    read() {},
    write(chunk, _, done) {
      const [, number = '', command = ''] = /^(\d+) (.*)\n$/s.exec(String(chunk)) ?? [];
      this.push(shell(number, command));
      done();
    },
  });
  /** @type {string[]} */
  const log = [];
  return { stream, log, guest: new Guest(stream, (chunk) => log.push(String(chunk))) };
}

describe('the shell of the guest', () => {
  it('runs one command after the other', async () => {
    const { stream, guest, log } = console_((number, command) => `ran ${command}\r\n<lab ${number} ended 0>\r\n`);
    const ready = guest.ready(5);
    stream.push(`booting\r\n${READY}\r\n`);
    await ready;
    expect(await guest.read('a')).toBe('ran a');
    expect(await guest.run('b')).toEqual({ output: 'ran b\n', status: 0 });
    expect(log.join('')).toContain('booting');
  });

  it('says which command failed, and what it printed', async () => {
    const { guest } = console_((number) => `cat: no such file\n<lab ${number} ended 1>\n`);
    await expect(guest.read('cat /x')).rejects.toThrow('"cat /x" failed in the guest (1): cat: no such file');
  });

  it('does not wait for a kernel that panicked, nor for a guest that is gone', async () => {
    const panicking = console_(() => '');
    const ready = panicking.guest.ready(5);
    panicking.stream.push('Kernel panic - not syncing: Attempted to kill init!\n');
    await expect(ready).rejects.toThrow('the kernel panicked: Attempted to kill init!');

    const leaving = console_(() => 'reboot: machine restart\n');
    const answer = leaving.guest.run('reboot');
    leaving.stream.destroy();
    await expect(answer).rejects.toThrow(/the guest is gone/);
  });

  it('that does not answer is an error at the deadline', async () => {
    const { guest } = console_(() => '');
    await expect(guest.run('sleep 9', 0.01)).rejects.toThrow('"sleep 9" in the guest took more than 0.01 s');
  });
});
