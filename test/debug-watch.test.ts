// gdb's watchpoints over a recording: each size, more than there are registers, what calls write.
// Time limit: 600 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: watch');
const strings = recordGuest('strings');
const reads = recordGuest('reads');
const stores = recordGuest('stores');
test.after(() => {
  strings[Symbol.dispose]();
  reads[Symbol.dispose]();
  stores[Symbol.dispose]();
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
    'reverse-continue', // the breakpoint, which the second store has led to
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

test('a change that is met forwards again is named as the first time, however many were met before', async () => {
  const times = (count: number, command: string): string[] => Array.from({ length: count }, () => command);
  for (const begin of [[], [`break ${lineOf('reads', 'argv[0]')}`, 'continue', 'delete']]) {
    const said = await reads.gdb([
      ...begin,
      'watch data',
      ...times(12, 'continue'),
      'when-position',
      ...times(5, 'reverse-continue'),
      ...times(5, 'continue'),
      'when-position',
      'reverse-stepi',
      'print data',
      'when-position',
    ]);
    const names = said.match(/^\d+\+0x[0-9a-f]+#.*$/gm) ?? [];
    const [first, again, before] = names;
    assert.is(names.length, 3, said);
    assert.ok(first!.split('#').length <= 2 + begin.length, `named by each change on the way: ${first}`);
    if (begin.length === 0) assert.is(again, first, said);
    assert.is(`${before}+1`, again, said);
    const changes = [...said.matchAll(/^Old value = (.*)\nNew value = (.*)$/gm)];
    says(said, `$1 = ${changes.at(-1)![2]}`);
    assert.is(changes.at(-1)![1], changes.at(-2)![2], said);
  }
});

test('a store that has led to where one stands is met from behind', async () => {
  const behind = lineOf('stores', 'behind the store');
  const values = (said: string): number[] => [...said.matchAll(/^\$\d+ = (\d+)$/gm)].map(([, value]) => Number(value));
  for (const skipped of [4, 35]) {
    const begin = [`break ${behind}`, `ignore 1 ${skipped}`, 'continue', 'print value', 'watch value'];
    const back = ['reverse-continue', 'print value'];
    const alone = await stores.gdb([...begin, 'delete 1', ...back, ...back, 'continue', 'print value']);
    assert.equal(values(alone), [skipped + 1, skipped, skipped - 1, skipped], alone);
    // Beside a breakpoint there, which comes first from behind; forwards both are met at once.
    const both = await stores.gdb([
      ...begin,
      ...back,
      ...back,
      ...back,
      'continue',
      'print value',
      'continue',
      'print value',
    ]);
    assert.equal(values(both), [skipped + 1, skipped, skipped, skipped - 1, skipped, skipped + 1], both);
  }
});

test('arrivals behind a call that is replaced count once, however many they are', async () => {
  const met = await reads.gdb(['watch data', 'continue', 'print/x $pc', 'when']);
  const [, address = ''] = /^\$1 = 0x([0-9a-f]+)$/m.exec(met) ?? [];
  const [, event = ''] = /^Completed event: (\d+)$/m.exec(met) ?? [];
  for (const count of [5, 23, 24, 30, 45]) {
    const said = await reads.gdb([`seek ${event}+0x${address}#${count}`, 'backtrace 2']);
    says(said, `in take (file=3, round=${count - 1})`);
  }
});

test('a step back over a store tells of the change', async () => {
  const said = await strings.gdb([
    'watch eight',
    'continue',
    'continue',
    'reverse-stepi',
    'print eight',
    ...Array.from({ length: 4 }, () => 'reverse-next'),
  ]);
  says(said, /^Old value = 8\nNew value = 4294967304$/m);
  says(said, /^Old value = 4294967304\nNew value = 8\n[\s\S]*^\$1 = 8$[\s\S]*^Old value = 8\nNew value = 0$/m);
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
