// @ts-check
// In place of QEMU: a machine whose guest answers at once, and whose CPU is in user mode when it is first stopped.
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { argv } from 'node:process';

const NOTE =
  'OSRELEASE=7.2\nPAGESIZE=4096\nSYMBOL(vmemmap)=ffffea0000000000\nNUMBER(SECTION_SIZE_BITS)=27\nSIZE(page)=64\n';
const path = (/** @type {string} */ id) =>
  argv.find((arg) => arg.startsWith(`socket,id=${id},`))?.split('path=')[1] ?? '';
let online = 8;
let stops = 0;

const console_ = connect(path('console'));
console_.write('Linux\r\n<lab ready>\r\n');
console_.on('data', (chunk) => {
  const [, number, command = ''] = /^(\d+) (.*)\n$/.exec(String(chunk)) ?? [];
  console_.write(`${answers(command)}\r\n<lab ${number} ended ${command === 'false' ? 1 : 0}>\r\n`);
});

/** @param {string} command */
function answers(command) {
  if (command === 'cat /proc/iomem') return '00000000-0fffffff : System RAM';
  if (command === 'cat /sys/kernel/vmcoreinfo') return '0x0000000000001000 1024';
  if (command.endsWith('block_size_bytes')) return '8000000';
  if (command.startsWith('grep -l')) return String(online);
  return command;
}

const monitor = connect(path('monitor'));
const send = (/** @type {object} */ message) => monitor.write(`${JSON.stringify(message)}\r\n`);
send({ QMP: {} });
monitor.on('data', (chunk) => {
  for (const line of String(chunk).trim().split('\n')) take(JSON.parse(line));
});

/** @param {{ execute: string, arguments: any, id: number }} command */
function take({ execute, arguments: args, id }) {
  let found = /** @type {unknown} */ ({});
  if (execute === 'stop') stops++;
  if (execute === 'device_add') online += 4;
  if (execute === 'pmemsave') writeFileSync(args.filename, `VMCOREINFO\0\0${NOTE}\0`);
  // Stopped once to read the note, and once more in user mode.
  if (execute === 'human-monitor-command') found = stops < 3 ? 'Unmapped\r\n' : 'gpa: 0x1234000\r\n';
  if (execute === 'dump-guest-memory') writeFileSync(args.protocol.slice('file:'.length), args.format);
  send({ return: found, id });
  if (execute === 'dump-guest-memory') send({ event: 'DUMP_COMPLETED', data: { result: { status: 'completed' } } });
}
