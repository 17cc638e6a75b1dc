// @ts-check
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Qmp } from '../qmp.mjs';
import { QmpFrames } from '../qmp-frames.mjs';

describe('frames', () => {
  it('are complete at their newline, whatever the pieces are', () => {
    const bytes = Buffer.from('{"QMP":{}}\r\n{"return":"é"}\r\n{"event":"STOP","data":{}}\r\n');
    for (let cut = 0; cut <= bytes.length; cut++) {
      const frames = new QmpFrames();
      const found = [...frames.push(bytes.subarray(0, cut)), ...frames.push(bytes.subarray(cut))];
      expect(found).toEqual([{ QMP: {} }, { return: 'é' }, { event: 'STOP', data: {} }]);
    }
  });

  it('that are no JSON are an error', () => {
    expect(() => new QmpFrames().push(Buffer.from('hello\n'))).toThrow(/no JSON: hello/);
  });
});

/**
 * A monitor that answers every command.
 * @param {(command: any) => object[]} answer
 */
function monitor(answer) {
  const stream = new Duplex({
    read() {},
    write(chunk, _, done) {
      for (const message of answer(JSON.parse(chunk))) this.push(`${JSON.stringify(message)}\n`);
      done();
    },
  });
  return { stream, qmp: new Qmp(stream) };
}

describe('the monitor', () => {
  it('gives each command its own answer', async () => {
    /** @type {any[]} */
    const asked = [];
    const { qmp } = monitor((command) => {
      asked.push(command);
      // In the other order than asked.
      return asked.length < 2
        ? []
        : [...asked].reverse().map((/** @type {any} */ { id, execute }) => ({ return: execute, id }));
    });
    expect(await Promise.all([qmp.execute('one', { a: 1 }), qmp.execute('two')])).toEqual(['one', 'two']);
    expect(asked.map(({ arguments: args }) => args)).toEqual([{ a: 1 }, {}]);
  });

  it('says which command was refused, and why', async () => {
    const { qmp } = monitor(({ id }) => [{ error: { class: 'GenericError', desc: 'no such device' }, id }]);
    await expect(qmp.execute('device_add')).rejects.toThrow('QEMU refuses device_add: no such device');
  });

  it('has events that came with the answer', async () => {
    const { qmp } = monitor(({ id }) => [
      { return: {}, id },
      { event: 'OTHER', data: {} },
      { event: 'DUMP_COMPLETED', data: { result: 1 } },
    ]);
    const event = qmp.event('DUMP_COMPLETED', 5);
    await qmp.execute('dump-guest-memory');
    expect(await event).toEqual({ result: 1 });
  });

  it('that goes away fails what waits for it, and what comes after', async () => {
    const { qmp, stream } = monitor(() => []);
    const waiting = [qmp.execute('stop'), qmp.event('STOP', 5)];
    stream.destroy();
    for (const one of waiting) await expect(one).rejects.toThrow(/closed its monitor/);
    await expect(qmp.execute('cont')).rejects.toThrow(/closed its monitor/);
  });

  it('that does not answer is an error at the deadline', async () => {
    const { qmp } = monitor(() => []);
    await expect(qmp.execute('stop', {}, 0.01)).rejects.toThrow("QEMU's stop took more than 0.01 s");
  });
});
