// A debugger on the program itself and on its recording: the same commands stop at the same places.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { runGdb } from './debug/gdb.ts';
import { recordGuest } from './debug/recording.ts';
import { machineHas } from './harness/machine.ts';

const test = suite('debug: as on the program itself');

/** What differs from run to run goes, and what is said before and behind the commands. */
function stops(said: string): string[] {
  const lines = said.split('\n');
  return lines
    .slice(
      lines.findIndex((line) => line.includes('begins')) + 1,
      lines.findIndex((line) => line.includes('ends')),
    )
    .filter((line) => line.trim() !== '' && !line.startsWith('warning: Source file'))
    .map((line) => line.replaceAll(/0x[0-9a-f]+/g, 'ADDRESS'));
}

const hasDebugRegisters = machineHas('debug registers');

/** Both stop at the same places up to the end of the program, by so many of these commands. */
async function compare(before: readonly string[], command: string, times: number): Promise<void> {
  using touches = recordGuest('touches');
  const each = [command, 'print all.watched'];
  const between = [...before, 'echo begins\\n', ...Array.from({ length: times }, () => each).flat(), 'echo ends\\n'];
  const own = stops(await runGdb([touches.program], ['break main', 'run', ...between]));
  const recorded = stops(await touches.gdb(['break main', 'continue', ...between], '-q'));
  const end = own.findIndex((line) => line.includes('exited normally'));
  const until = (end < 0 ? own.length : end) - 1;
  assert.ok(until > 6, own.join('\n'));
  assert.equal(recorded.slice(0, until), own.slice(0, until));
}

for (const command of ['rwatch', 'awatch', 'watch']) {
  (hasDebugRegisters ? test : test.skip)(`${command} on four bytes with neighbours`, () =>
    compare([`${command} all.watched`], 'continue', 18),
  );
}

test('from line to line', () => compare([], 'next', 8));

test.run();
