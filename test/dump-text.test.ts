// What listings are made of: event ranges, the process table, words and numbers as text.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EventSelection, looksLikeEvents, parseEventRange } from '../engine/dump/event-selection.ts';
import { ProcessTable, type TaskEvent, waitStatusText } from '../engine/dump/process-table.ts';
import { socketAddressText } from '../engine/dump/socket-address.ts';
import { byteCount, seconds, shellWords } from '../engine/dump/text.ts';
import { EngineError } from '../engine/errors.ts';
import { printable, printableJson, printableLines } from '../engine/printable.ts';

/** The function must throw an EngineError with that code. */
function throwsCode(action: () => unknown, code: string): void {
  assert.throws(action, (error: unknown) => error instanceof EngineError && error.code === code);
}

test('event ranges', () => {
  assert.equal(parseEventRange('7'), { from: 7, to: 7 });
  assert.equal(parseEventRange('7-9'), { from: 7, to: 9 });
  assert.equal(parseEventRange('7-end'), { from: 7, to: Number.MAX_SAFE_INTEGER });
  assert.is(parseEventRange('end'), 'end');
  for (const word of ['9-7', '-7', '7-', 'x', '7-8-9', '1e3', ''])
    throwsCode(() => parseEventRange(word), 'BAD_EVENTS');
});

test('a word that cannot be events is a trace', () => {
  assert.equal(['7', '7-9', 'end', 'trace-7', './7', 'ls-0'].map(looksLikeEvents), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('selections of events', () => {
  const all = new EventSelection([], 9);
  assert.equal([all.first, all.last, all.has(1), all.has(9)], [0, 9, true, true]);
  const some = new EventSelection([{ from: 7, to: 8 }, 'end', { from: 2, to: 3 }], 20);
  assert.equal([some.first, some.last], [2, 20]);
  assert.equal(
    [1, 2, 3, 4, 7, 8, 9, 19, 20].filter((event) => some.has(event)),
    [2, 3, 7, 8, 20],
  );
  throwsCode(() => new EventSelection([{ from: 10, to: 12 }], 9), 'NO_SUCH_EVENT');
});

const task = (kind: TaskEvent['kind'], tid: number, more: Partial<TaskEvent> = {}): TaskEvent => ({
  kind,
  tid,
  threadGroup: tid,
  parentTid: 0,
  status: 0,
  cloneFlags: 0,
  strings: [],
  ...more,
});

test('socket addresses of each family', () => {
  const address = (family: number, hex: string) => {
    const head = Buffer.alloc(2);
    head.writeUInt16LE(family);
    return socketAddressText(Buffer.concat([head, Buffer.from(hex, 'hex')]));
  };
  assert.is(address(2, '1f907f0000010000000000000000'), '127.0.0.1:8080');
  const inet6 = (words: string) => address(10, `1f9000000000${words}00000000`);
  assert.is(inet6('00000000000000000000000000000001'), '[::1]:8080');
  assert.is(inet6('00000000000000000000000000000000'), '[::]:8080');
  assert.is(inet6('20010db8000000000001000000000002'), '[2001:db8::1:0:0:2]:8080');
  assert.is(address(1, ''), 'unix, unnamed');
  assert.is(address(1, Buffer.from('/run/x\0rest').toString('hex')), 'unix /run/x');
  assert.is(address(1, Buffer.from('\0abstract').toString('hex')), 'unix @abstract');
  assert.is(address(16, '0000070000000100000000'.padEnd(20, '0')), 'netlink port 7, groups 0x1');
  assert.is(address(17, 'ab'), 'family 17: ab');
  assert.is(address(2, '1f'), 'family 2: 1f');
});

test('processes: what they are called in pid namespaces', () => {
  const table = new ProcessTable();
  table.add(task('start', 10));
  // By clone with CLONE_NEWPID, from within that namespace, and by unshare.
  table.add(task('start', 11, { parentTid: 10, threadGroup: 11, cloneFlags: 0x2000_0011 }));
  table.made(10, 11);
  table.add(task('start', 12, { parentTid: 11, threadGroup: 12, cloneFlags: 17 }));
  table.made(11, 2);
  table.unshared(10);
  table.add(task('start', 13, { parentTid: 10, threadGroup: 13, cloneFlags: 17 }));
  table.made(10, 13);
  table.add(task('start', 14, { parentTid: 13, threadGroup: 14, cloneFlags: 17 }));
  table.made(13, 5);
  assert.equal(
    table.processes.map(({ pid, namespacePid }) => [pid, namespacePid]),
    [
      [10, undefined],
      [11, 1],
      [12, 2],
      [13, 1],
      [14, 5],
    ],
  );
});

test('processes: parents, threads, commands and ends', () => {
  const table = new ProcessTable();
  for (const event of [
    task('start', 10),
    task('exec', 10, { strings: ['/bin/sh', 'sh', '-c', 'x'] }),
    task('start', 11, { threadGroup: 10, parentTid: 10 }),
    task('start', 12, { parentTid: 11 }),
    task('exec', 10, { strings: ['/bin/ls', 'ls'] }),
    task('exit', 11, { threadGroup: 10, status: 5 << 8 }),
    task('exit', 12, { status: 11 | 0x80 }),
    task('exit', 10, { status: 3 << 8 }),
    task('start', 12, { parentTid: 10 }),
  ]) {
    table.add(event);
  }
  assert.equal(table.processes, [
    { pid: 10, namespacePid: undefined, parentPid: undefined, exit: 3, command: ['ls'] },
    { pid: 12, namespacePid: undefined, parentPid: 10, exit: -11, command: undefined },
    { pid: 12, namespacePid: undefined, parentPid: 10, exit: undefined, command: undefined },
  ]);
});

test('wait statuses', () => {
  assert.is(waitStatusText(3 << 8), 'exited with 3');
  assert.is(waitStatusText(11 | 0x80), 'killed by SIGSEGV');
});

test('numbers', () => {
  assert.equal([0, 1023, 1024, 10240, 1 << 20, 3.4e9].map(byteCount), ['0', '1023', '1.0K', '10K', '1.0M', '3.2G']);
  assert.is(seconds(1_234_567_890), '1.234568');
});

test('words as a shell reads them, and nothing that steers a terminal', () => {
  assert.is(shellWords(['ls', '-l', 'a b', "it's", '']), `ls -l 'a b' 'it'\\''s' ''`);
  assert.is(shellWords(['a\nb\x1b', "c'\t\\"]), `$'a\\nb\\x1b' $'c\\'\\t\\\\'`);
  assert.is(printable('a\x1b[1m\x7f'), 'a\\x1b[1m\\x7f');
  assert.is(printable('a\n\u009b2J\u202eb ä'), 'a\\n\\u009b2J\\u202eb ä');
  assert.is(printableLines('a\n\tb\r\u009b'), 'a\n\tb\\x0d\\u009b');
  assert.equal(JSON.parse(printableJson(JSON.stringify(['\u009b\x7f\x1b\u202e\n']))), ['\u009b\x7f\x1b\u202e\n']);
  assert.is(printableJson(JSON.stringify('\u009b\x7f\x1b')), '"\\u009b\\u007f\\u001b"');
});

test.run();
