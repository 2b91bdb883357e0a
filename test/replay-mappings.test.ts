// rr -K replay: what is known of mapped files against the kernel's list. This process stands for the replayed one.
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FrameView } from '../engine/generated/schema.ts';
import { checkMappings } from '../engine/replay/check-mappings.ts';
import { type MappedFile, MappedFiles } from '../engine/replay/mapped-files.ts';
import type { Replayer } from '../engine/replay/replayer.ts';
import type { Task } from '../engine/replay/task.ts';
import { withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';

const test = suite('replay: mappings');

function ownFiles(): MappedFile[] {
  const files: MappedFile[] = [];
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const [, start, end, inode, path] = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ (\d+) *(.*)$/.exec(line) ?? [];
    if (inode === undefined || inode === '0') continue;
    files.push({ start: Number.parseInt(start!, 16), end: Number.parseInt(end!, 16), offset: 0, path: path! });
  }
  return files;
}

function check(files: readonly MappedFile[]): string | undefined {
  const replayer = {
    divergence: (_frame: FrameView, _task: Task, details: { expected: string; found: string }) =>
      new Error(`${details.expected}: ${details.found}`),
  } as unknown as Replayer;
  const task = { pid: process.pid, addressSpace: { files: new MappedFiles(files) } } as unknown as Task;
  try {
    checkMappings(replayer, {} as FrameView, task);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test('what the kernel has, too, is right', () => {
  assert.is(check(ownFiles()), undefined);
});

test('a file that is known, but not mapped', () => {
  const bogus = { start: 0x1000_0000_0000, end: 0x1000_0000_2000, offset: 0, path: '/bogus' };
  assert.is(check([bogus, ...ownFiles()]), '/bogus at 0x100000000000-0x100000002000: nothing mapped at 0x100000000000');
});

test('a file that is mapped, but not known', () => {
  const files = ownFiles();
  const missing = files.findIndex(({ path }) => path.includes('libc.so'));
  assert.ok(missing >= 0);
  assert.match(
    check(files.filter((_, index) => index !== missing)) ?? '',
    /^no file at 0x[0-9a-f]+-0x[0-9a-f]+: .*libc\.so/,
  );
});

test('a process that has executed nothing yet', () => {
  assert.is(check([]), undefined);
});

for (const guest of ['memory/mremap', 'memory/fixed', 'memory/shared-between-processes', 'processes/spawn']) {
  test(`-K: ${guest}`, () =>
    withPlace(async (place) => {
      const record = await place.rr('-K', 'record', compileGuest(guest));
      assert.is(record.status, 0, record.story);
      const replay = await place.rr('-K', 'replay', '-a');
      assert.is(replay.status, 0, replay.story);
      assert.is(replay.out, record.out);
    }));
}

test.run();
