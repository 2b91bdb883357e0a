// gdb on a recording, forwards: breakpoints, steps, watchpoints, values, the end.
// Time limit: 600 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: forward');

const calls = recordGuest('calls');
const classes = recordGuest('classes');
const reads = recordGuest('reads');
test.after(() => {
  for (const recording of [calls, classes, reads]) recording[Symbol.dispose]();
});

test('a breakpoint with a condition, the stack, locals, finish', async () => {
  const said = await calls.gdb([
    'break square if value == 7',
    'continue',
    'backtrace',
    'up',
    'print *point',
    'down',
    'finish',
  ]);
  says(said, /^Breakpoint 1, square \(value=7\)/m);
  says(said, /^#1 .* move \(point=0x[0-9a-f]+, by=7\)/m);
  says(said, /^#2 .* main \(\)/m);
  says(said, '$1 = {x = 29, y = -26, name = "start');
  says(said, /^Value returned is \$2 = 49$/m);
});

test('steps into, over and out of functions', async () => {
  const said = await calls.gdb([
    'break move',
    'continue',
    'next',
    'next',
    'step',
    'next',
    'info locals',
    'next',
    'next',
    'stepi',
    'nexti',
  ]);
  says(said, /^square \(value=0\)/m);
  says(said, /^result = 0$/m);
  says(said, /^move \(point=0x[0-9a-f]+, by=0\)/m);
  assert.not.match(said, /received signal|stopped\./);
});

test('advance, until and a breakpoint that goes when it was hit', async () => {
  const end = lineOf('calls', 'the end of main');
  const said = await calls.gdb([
    'tbreak main',
    'continue',
    `advance ${end}`,
    'info breakpoints',
    'print total',
    'print last',
  ]);
  says(said, /^Temporary breakpoint 1, main/m);
  says(said, new RegExp(`^main \\(\\) at .*calls\\.c:${end}$`, 'm'));
  says(said, /^No breakpoints or watchpoints\.$/m);
  says(said, '$1 = 285');
  says(said, 'name = "end');
});

test('hits are counted where a count is to be passed', async () => {
  const said = await calls.gdb(['break square', 'ignore 1 5', 'continue', 'print value', 'info breakpoints']);
  says(said, '$1 = 5');
  says(said, /breakpoint already hit 6 times/);
});

test('a watchpoint tells each change of a global', async () => {
  const said = await calls.gdb(['watch total', 'continue', 'continue', 'continue', 'print total']);
  says(said, /^Hardware watchpoint 1: total$/m);
  says(said, /^Old value = 0\nNew value = 1$/m);
  says(said, /^Old value = 1\nNew value = 5$/m);
  says(said, /^Old value = 5\nNew value = 14$/m);
  says(said, '$1 = 14');
});

test('values of C++: containers, strings, virtual functions, overloads', async () => {
  const said = await classes.gdb([
    `break ${lineOf('classes', 'the rectangle')}`,
    'continue',
    'print *this',
    'print width_ * 2',
    'finish',
    'break check',
    'continue',
    'print words',
    'print counts',
    'info types Rectangle',
  ]);
  says(said, /Breakpoint \d+, shapes::Rectangle::area \(this=0x[0-9a-f]+\)/);
  says(said, 'width_ = 3, height_ = 4');
  says(said, /^Value returned is \$3 = 12$/m);
  says(said, 'std::vector of length 3, capacity 3 = {"one", "two", "three"}');
  says(said, 'std::map with 2 elements = {["one"] = 1, ["two"] = 2}');
});

test('an exception is caught where it is thrown, and where it is caught', async () => {
  const said = await classes.gdb([
    'catch throw',
    'catch catch',
    'continue',
    'backtrace',
    'continue',
    `break ${lineOf('classes', 'caught')}`,
    'continue',
    'print error.what()',
  ]);
  says(said, /^Catchpoint 1 \(exception thrown\)/m);
  says(said, /^#1 .* check \(/m);
  says(said, /^Catchpoint 2 \(exception caught\)/m);
});

test('the end of the program is no end of the session', async () => {
  const said = await calls.gdb(['continue', 'continue', 'print 1+1']);
  assert.is(said.match(/^Process \d+ exits with status 3 here\.$/gm)?.length, 2, said);
  says(said, '$1 = 2');
});

test('errno and a failed call', async () => {
  const said = await reads.gdb([`break ${lineOf('reads', 'the end')}`, 'continue', 'print failure', 'print errno']);
  says(said, '$1 = 9');
  says(said, '$2 = 9');
});

test('100 breakpoints at once', async () => {
  const breaks = Array.from(
    { length: 100 },
    (_, index) => `break *((char *)square + ${index % 4} * 0) if value == ${index}`,
  );
  const said = await calls.gdb([...breaks, 'break main', 'continue', 'continue', 'print value', 'info breakpoints']);
  says(said, /^Breakpoint 101, main/m);
  says(said, '$1 = 0');
});

test.run();
