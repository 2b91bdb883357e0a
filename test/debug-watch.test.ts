// gdb's watchpoints over a recording: each size, more than there are registers, what calls write.
// Time limit: 600 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: watch');
const strings = recordGuest('strings');
const reads = recordGuest('reads');
test.after(() => {
  strings[Symbol.dispose]();
  reads[Symbol.dispose]();
});

test('values of 1, 2, 3, 4 and 8 bytes, all at once, each told when it changes', async () => {
  const said = await strings.gdb([
    `break ${lineOf('strings', 'once more')}`,
    'continue',
    'watch one',
    'watch two',
    'watch four',
    'watch eight',
    'watch three',
    'watch target[60]',
    'delete 1',
    ...Array.from({ length: 9 }, () => 'continue'),
  ]);
  const order = [...said.matchAll(/^(?:Hardware watchpoint|Watchpoint) (\d+): \w+\n\nOld value/gm)].map(([, number]) =>
    Number(number),
  );
  assert.equal([...new Set(order)].sort(), [2, 3, 4, 5, 6], said);
  says(said, /^Old value = 8\nNew value = 4294967304$/m);
  says(said, /exits with status 0 here\.$/m);
});

test('a watched structure is met from behind, store by store', async () => {
  const said = await strings.gdb([
    'watch eight',
    `break ${lineOf('strings', 'the end')}`,
    'continue',
    'continue',
    'continue',
    'print eight',
    'reverse-continue',
    'reverse-continue',
    'print eight',
    'reverse-continue',
  ]);
  says(said, /^Old value = 4294967304\nNew value = 8$/m);
  says(said, /^Old value = 8\nNew value = 0$/m);
  says(said, '$1 = 4294967304');
  says(said, '$2 = 0');
  says(said, 'No more reverse-execution history.');
});

test('a large region is watched whole', async () => {
  const said = await strings.gdb([
    'break main',
    'continue',
    'watch target',
    'continue',
    'x/s target',
    'delete 1',
    `tbreak ${lineOf('strings', 'the end')}`,
    'delete 2',
    'continue',
    'x/s target',
  ]);
  says(said, /atchpoint 2: target$/m);
  says(said, /^Old value = '\\000' <repeats 63 times>$/m);
  says(said, '"tthe qick brown fox');
});

test('memory that read fills, by calls that are traced and by calls that are buffered', async () => {
  const said = await reads.gdb([
    'watch data',
    'continue',
    'backtrace 2',
    'continue',
    'backtrace 2',
    ...Array.from({ length: 30 }, () => 'continue'),
    'backtrace 2',
    ...Array.from({ length: 6 }, () => 'reverse-continue'),
  ]);
  says(said, /^Old value = "\\000\\000\\000\\000\\000\\000\\000"\nNew value = "\\177ELF/m);
  says(said, /^Old value = "\\177ELF.*\nNew value = "ELF/m);
  const frames = said.match(/^#1 +0x[0-9a-f]+ in take \(file=\d+, round=\d+\)/gm) ?? [];
  assert.is(frames.length, 3, said);
  const changes = [...said.matchAll(/^Old value = (.*)\nNew value = (.*)$/gm)].map(([, before, after]) => [
    before,
    after,
  ]);
  const back = changes.slice(-6).map(([before, after]) => [after, before]);
  assert.equal(back, changes.slice(-12, -6).reverse(), said);
});

test('a watchpoint with a condition, forwards and backwards', async () => {
  const said = await strings.gdb([
    'watch eight if one == 1 && eight > 100',
    `break ${lineOf('strings', 'the end')}`,
    'continue',
    'print eight',
    'continue',
    'reverse-continue',
    'print eight',
  ]);
  says(said, '$1 = 4294967304');
  // Backwards the condition is of the place behind the change, where it does not hold.
  says(said, /No more reverse-execution history\.|New value = 8/);
});

test.run();
