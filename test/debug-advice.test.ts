// What a program says of its forks holds for its forks, and not for the copies that the debugger makes of it.
import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, recordGuest, says } from './debug/recording.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('debug: advice on forks');
const advice = recordGuest('advice');
test.after(() => advice[Symbol.dispose]());

test('a checkpoint has all memory', async () => {
  const said = await advice.gdb([
    `break ${lineOf('advice', 'all are there')}`,
    `break ${lineOf('advice', 'the end')}`,
    'continue',
    'checkpoint',
    'continue',
    'printf "%c%c%c at the end\\n", *withheld, *wiped, *kept',
    'reverse-stepi',
    'printf "%c%c%c before it\\n", *withheld, *wiped, *kept',
    'restart 1',
    'printf "%c%c%c again\\n", *withheld, *wiped, *kept',
    'next',
    'print sum',
    'reverse-stepi',
    'printf "%c%c%c back\\n", *withheld, *wiped, *kept',
  ]);
  for (const place of ['at the end', 'before it', 'again', 'back']) says(said, `dwk ${place}`);
  says(said, `= ${100 + 119 + 107}`);
});

test('a child of the program has what it was to have', () => {
  const { stdout, stderr } = spawnSync(rrCommand, ['replay', '-a', advice.trace], { encoding: 'utf8' });
  assert.match(stdout, /^child: 0 0 k$/m, stderr);
  assert.match(stdout, /^parent: dwk$/m);
});

test.run();
