// The commands of rr in gdb, over a recording: where the replay stands, and going elsewhere.
// Time limit: 600 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: commands');
const calls = recordGuest('calls');
const crash = recordGuest('crash');
test.after(() => {
  calls[Symbol.dispose]();
  crash[Symbol.dispose]();
});

test('when, and what else tells where the replay stands', async () => {
  const said = await calls.gdb([
    'when',
    'break main',
    'continue',
    'when',
    'when-tid',
    'when-end',
    'elapsed-time',
    'absolute-time',
    'info recording',
    'when-ticks',
  ]);
  const events = [...said.matchAll(/^Completed event: (\d+)$/gm)].map(([, event]) => Number(event));
  assert.is(events.length, 2);
  assert.ok(events[0]! < events[1]!);
  says(said, /^Current tid: \d+$/m);
  says(said, /^Last event: \d+$/m);
  says(said, /^Elapsed Time \(s\): 0\.\d+$/m);
  const [, absolute] = /^Absolute Time: (\d+\.\d{6}) \(20\d\d-.*Z\)$/m.exec(said) ?? [];
  assert.ok(Math.abs(Number(absolute) - Date.now() / 1000) < 3600, said);
  says(said, /^Recording: .*trace$/m);
  says(said, /the trace has no ticks|^Current tick: \d+$/m);
});

test('run and start go to the beginning again, with all breakpoints', async () => {
  const said = await calls.gdb([
    'break square',
    'continue',
    'continue',
    'continue',
    'print value',
    'run',
    'when',
    'continue',
    'print value',
    'start',
    'print total',
  ]);
  says(said, '$1 = 2');
  says(said, /stopped\.\n[^\n]*_start/);
  says(said, '$2 = 0');
  says(said, /^Temporary breakpoint 2, main \(\)/m);
  says(said, '$3 = 0');
});

test('step commands go on where the library is not mapped at which gdb wants to stop', async () => {
  const said = await crash.gdb([
    'break main',
    'continue',
    'next',
    'seek begin',
    'reverse-next',
    'next',
    'seek end',
    'when',
  ]);
  assert.not.match(said, /Cannot (insert|access)/);
  says(said, /No more reverse-execution history\.\n[^\n]*_start/);
  says(said, /^Completed event: \d+$/m);
});

test('a checkpoint is come back to, from before and from behind', async () => {
  const said = await calls.gdb([
    'break square',
    'ignore 1 3',
    'continue',
    'checkpoint',
    'continue',
    'continue',
    'print value',
    'restart 1',
    'print value',
    'backtrace',
    'continue',
    'print value',
    'run',
    'restart 1',
    'print value',
    'info checkpoints',
    'delete checkpoint 1',
    'restart 1',
  ]);
  const values = [...said.matchAll(/^\$\d+ = (\d+)$/gm)].map(([, value]) => Number(value));
  assert.equal(values, [5, 3, 4, 3], said);
  says(said, /^Checkpoint 1 at square \(\) at .*calls\.c:\d+$/m);
  says(said, /^1\t\d+\tsquare \(\) at /m);
  says(said, /^Deleted checkpoint 1\.$/m);
  says(said, /^no checkpoint 1; info checkpoints lists them$/m);
});

test('a seek goes both ways, on breakpoints too, and runs nothing', async () => {
  const end = lineOf('calls', 'the end of main');
  const said = await calls.gdb([
    `break ${end}`,
    'continue',
    'when-position',
    'seek begin',
    'when',
    'break main',
    'continue',
    'seek end',
    'print total',
    'seek begin',
    'info sharedlibrary',
    'continue',
  ]);
  says(said, '$1 = 285');
  assert.is(said.match(/^Breakpoint 2, main \(\)/gm)?.length, 2, said);
});

test('a position is text that names the place in another session', async () => {
  const first = await calls.gdb(['break square if value == 6', 'continue', 'when-position']);
  const position = /^([0-9][^\s]*)$/m.exec(first)?.[1];
  assert.ok(position !== undefined, first);
  const second = await calls.gdb([`seek ${position}`, 'backtrace 1', 'print value']);
  says(second, /^#0 +square \(value=6\)/m);
});

test('run EVENT and -g go behind that event', async () => {
  const said = await calls.gdb(['when', 'run 8', 'when'], '-g', '12');
  const events = [...said.matchAll(/^Completed event: (\d+)$/gm)].map(([, event]) => Number(event));
  assert.equal(events, [12, 8], said);
});

test('-e opens at the crash, with its backtrace', async () => {
  const said = await crash.gdb(['backtrace', 'print node', 'print count', 'up', 'info locals'], '-e');
  says(said, /^#0 .* sum \(node=0x0\) at .*crash\.c:\d+$/m);
  says(said, /^#1 .* work \(\)/m);
  says(said, /^#2 .* main \(\)/m);
  says(said, '$1 = (struct Node *) 0x0');
  says(said, '$2 = 3');
});

test('a crash is met going forwards, too', async () => {
  const said = await crash.gdb(['continue', 'backtrace 1', 'continue', 'continue', 'print 7']);
  says(said, /received signal SIGSEGV, Segmentation fault\./);
  says(said, /^#0 .* sum \(node=0x0\)/m);
  says(said, /^Process \d+ is killed by SIGSEGV here\.$/m);
  says(said, '$1 = 7');
});

test('a core file of a position can be opened by plain gdb', async () => {
  const core = `${calls.folder}/core`;
  await calls.gdb(['break square if value == 4', 'continue', `generate-core-file ${core}`]);
  const { runGdb } = await import('./debug/gdb.ts');
  const said = await runGdb([calls.program, core], ['backtrace', 'print value', 'print total']);
  says(said, '$1 = 4');
  says(said, '$2 = 14');
});

test.run();
