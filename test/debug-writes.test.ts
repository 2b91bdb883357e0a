// Who set some memory: last-write and next-write go to the store.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: writes');

const calls = recordGuest('calls');
const reads = recordGuest('reads');
test.after(() => {
  for (const recording of [calls, reads]) recording[Symbol.dispose]();
});

const atEnd = [`break ${lineOf('calls', 'the end of main')}`, 'continue'];

test('back to the store of a global, by values, line and place', async () => {
  const said = await calls.gdb([...atEnd, 'last-write total', 'print total', 'next', 'print total', 'back', 'frame']);
  const line = lineOf('calls', 'the global changes');
  says(
    said,
    new RegExp(
      `^#1 total: 204 -> 285\n {3}by move \\(\\) at .*calls\\.c:${line}, event \\d+, thread \\d+, at \\d+\\+0x`,
      'm',
    ),
  );
  says(said, '$1 = 204');
  says(said, '$2 = 285');
});

test('the last ones of a field that a pointer leads to, and on from there', async () => {
  const said = await calls.gdb([
    'break move if by == 9',
    'continue',
    'rr last-write point->x 3',
    'print point->x',
    'next-write point->x',
    'next-write point->x 2',
    'last-write point->x 20',
  ]);
  const shown = [...said.matchAll(/^#(\d) point->x: (-?\d+) -> (-?\d+)$/gm)].map(([, ...words]) => words.join(' '));
  assert.equal(shown.slice(0, 6), ['1 29 37', '2 22 29', '3 16 22', '1 22 29', '1 29 37', '2 37 46'], said);
  says(said, '$1 = 16');
  says(said, /^There are no more\.$/m);
});

test('what the kernel wrote, by the call that asked for it', async () => {
  const said = await reads.gdb([`break ${lineOf('reads', 'the end')}`, 'continue', 'last-write data 60', 'bt 2']);
  const shown = [...said.matchAll(/^#(\d+) data: (".*") -> (".*")$/gm)];
  assert.ok(shown.length > 25, said);
  // Each is what the one before it has found.
  for (let index = 1; index < shown.length; index++) assert.is(shown[index]![3], shown[index - 1]![2]);
  says(said, /^#\d+ data: "\\000\\000\\000\\000\\000\\000\\000" -> "\\177ELF/m);
  says(said, /^There are no more\.$/m);
  says(said, /^#1 .* in take \(file=\d+, round=0\)/m);
});

test('what is no memory, and what nothing writes', async () => {
  for (const [command, sentence] of [
    ['last-write $rax', /\$rax is not in memory/],
    ['last-write nosuch', /No symbol "nosuch" in current context/],
    ['next-write total', /Nothing changes total behind this place/],
    ['last-write total 20000', /20000 writes of 4 bytes: 1 to 1000 of 1 to 4096 bytes/],
    ['last-write', /Of what\? last-write EXPRESSION \[COUNT\]/],
  ] as const) {
    says(await calls.gdb([...atEnd, command]), sentence);
  }
});

test.run();
