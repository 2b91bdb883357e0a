// Back over very many stops to one of the few that count: the last ones are looked at first.
import { suite } from 'uvu';
import { lineOf, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: back over many stops');
const guest = recordGuest('many');
test.after(() => guest[Symbol.dispose]());

const toTheEnd = ['break finished', 'continue', 'delete'];

test('the stores behind a watchpoint, among many beside it, one after the other', async () => {
  const said = await guest.gdb([
    ...toTheEnd,
    'watch page.kept',
    'reverse-continue',
    'print value',
    'reverse-continue',
    'print value',
    'reverse-continue',
    'print value',
    'print page.neighbour',
    'reverse-continue',
  ]);
  says(said, '$1 = 4007');
  says(said, '$2 = 2007');
  says(said, '$3 = 7');
  says(said, '$4 = 6');
  says(said, /beginning|No more reverse-execution history/);
});

test('the last true one of many hits, and those before it', async () => {
  const said = await guest.gdb([
    ...toTheEnd,
    'break hit if value % 1000 == 999',
    'reverse-continue',
    'reverse-continue',
    'reverse-continue',
    'print page.neighbour',
    'continue',
    'print value',
  ]);
  says(said, /hit \(value=5999\)[\s\S]*hit \(value=4999\)[\s\S]*hit \(value=3999\)/);
  says(said, '$1 = 3998');
  says(said, '$2 = 4999');
});

test('two breakpoints that are met by turns', async () => {
  const said = await guest.gdb([
    ...toTheEnd,
    'break hit',
    `break ${lineOf('many', 'hit(value);')}`,
    'reverse-continue',
    'print value',
    'reverse-continue',
    'reverse-continue',
    'reverse-continue',
    'print value',
    'info breakpoints',
  ]);
  says(
    said,
    /hit \(value=6000\)[\s\S]*\$1 = 6000[\s\S]*\n\d+\t[^\n]*hit\(value\);[\s\S]*hit \(value=5999\)[\s\S]*\$2 = 5999/,
  );
});

test.run();
