// Back over calls in gdb: what it sends for them, and where it comes to.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: back over calls');
const guest = recordGuest('recursion');
const deep = recordGuest('recursion', { flags: ['-DDEPTH=27'] });
test.after(() => {
  guest[Symbol.dispose]();
  deep[Symbol.dispose]();
});

const line = (text: string): number => lineOf('recursion', text);
const packets = (said: string, name: string): number => said.split(`Sending packet: $${name}#`).length - 1;

test('reverse-next over a recursive function asks for its entry once', async () => {
  const said = await guest.gdb([
    `break ${line('number += tail')}`,
    'continue',
    'set debug remote 1',
    'reverse-next',
    'set debug remote 0',
    'info line',
    'next',
    'print number',
  ]);
  assert.is(packets(said, 'bc'), 1, said);
  assert.ok(packets(said, 'bs') <= 6, said);
  says(said, `Line ${line('int number = fib')} of`);
  says(said, '$1 = 233');
});

test('832,000 calls, and 20,000,000 rounds of a loop, are gone over without a stop at each', async () => {
  const said = await deep.gdb([
    `break ${line('printf')}`,
    'continue',
    'print spun',
    'reverse-next',
    'print spun',
    'reverse-next',
    'print number',
    // Back over the tail call, and then over the recursion.
    'reverse-next',
    'reverse-next',
    'next',
    'print number',
  ]);
  says(said, '$1 = 20000000');
  says(said, '$2 = 0');
  says(said, '$3 = 196418');
  says(said, new RegExp(`^${line('int number = fib')}\t`, 'm'));
  says(said, '$4 = 196418');
});

test('a breakpoint within the function stops it before', async () => {
  const said = await guest.gdb([
    `break ${line('number += tail')}`,
    'continue',
    `break ${line('if (n < 2)')} if n == 3`,
    'reverse-next',
    'backtrace',
  ]);
  says(said, /^Breakpoint 2, fib \(n=3\)/m);
  // The last of them: in fib(13), (11), (9), (7), (5).
  assert.is(said.match(/^#\d .* fib \(/gm)?.length, 6, said);
});

test('a breakpoint that the user sets at a return counts within, too', async () => {
  const said = await guest.gdb([
    `break ${line('number += tail')}`,
    'continue',
    'reverse-stepi',
    'reverse-stepi',
    'x/i $pc',
    'break *fib',
    'reverse-continue',
    'backtrace',
  ]);
  says(said, /^=> [^\n]*\tret/m);
  says(said, /^Breakpoint 2, /m);
  assert.ok((said.match(/^#\d .* fib \(/gm)?.length ?? 0) > 3, said);
});

test('a conditional one at the entry counts within, too', async () => {
  const said = await guest.gdb([
    `break ${line('number += tail')}`,
    'continue',
    'break *fib if (int)$rdi == 3',
    'reverse-next',
    'print (int)$rdi',
  ]);
  says(said, /^Breakpoint 2, /m);
  says(said, '$1 = 3');
});

test('back over a tail call', async () => {
  const said = await guest.gdb([
    `break ${line('printf')}`,
    'continue',
    'print number',
    'reverse-next',
    'print number',
    'reverse-next',
    'reverse-next',
  ]);
  says(said, '$1 = 700');
  says(said, '$2 = 233');
  says(said, /^\d+\t\s+int number = fib/m);
});

test.run();
