// What gdb knows of libraries, wherever it comes from: the dynamic linker at a program's beginning, before it has a list;
// libraries in a namespace of their own; programs without a dynamic linker.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { guestSource, recordGuest, says } from './debug/recording.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: libraries');
const linker = /^0x[0-9a-f]+ +0x[0-9a-f]+ +Yes.* \/lib64\/ld-linux-x86-64\.so\.2$/gm;

test('the dynamic linker has its symbols at the beginning, wherever one comes from', async () => {
  using opens = recordGuest('opens', { args: [compile(guestSource('plugin'), '-O0')] });
  for (const [options, commands, times] of [
    [['-e'], ['run'], 1],
    [['-e'], ['seek begin', 'seek end', 'restart'], 2],
    [[], ['seek end', 'run', 'starti'], 2],
    [[], ['break pluginStep', 'continue', 'delete', 'reverse-continue'], 1],
  ] as const) {
    const said = await opens.gdb(
      ['set breakpoint pending on', ...commands, 'backtrace 1', 'info sharedlibrary', 'tbreak main', 'continue'],
      ...options,
    );
    says(said, /^#0 +0x[0-9a-f]+ in _start \(\) from \/lib64\/ld-linux-x86-64\.so\.2$/m);
    assert.is(said.match(linker)?.length, 1, said);
    // Also where gdb shows the place by itself.
    assert.ok((said.match(/^0x[0-9a-f]+ in _start \(\) from/gm)?.length ?? 0) >= times, said);
    assert.not.match(said, /\?\? \(\)\n[^#]/);
    says(said, /^(Temporary breakpoint \d+, )?main \(argc=2/m);
  }
});

test('its libraries are those that gdb finds itself', async () => {
  using opens = recordGuest('opens', { args: [compile(guestSource('plugin'), '-O0')] });
  const said = await opens.gdb([
    'set breakpoint pending on',
    'break pluginStep',
    'continue',
    'info sharedlibrary',
    'print errno',
    'set remote libraries-svr4-packet off',
    'set solib-search-path',
    'info sharedlibrary',
    'print errno',
  ]);
  const lists = said.split(/^From .*$/m).slice(1);
  assert.is(lists.length, 2, said);
  const [ours, own] = lists.map((list) => list.match(/^0x[0-9a-f]+ .*$/gm));
  assert.is(ours?.length, 3, said);
  assert.equal(ours, own, said);
  says(said, '$1 = 0\n');
});

test('thread-locals of a library that comes anew are not those that were freed with it', async () => {
  using opens = recordGuest('opens', { args: [compile(guestSource('plugin'), '-O0')] });
  const look = ['print ownCalls', 'next', 'next', 'print ownCalls'];
  const said = await opens.gdb([
    'set breakpoint pending on',
    'break pluginStep',
    'continue',
    ...look,
    'continue',
    ...look,
    'reverse-continue',
    'reverse-continue',
    'next',
    'next',
    'print ownCalls',
  ]);
  assert.is(said.match(/^Cannot find thread-local storage for .*plugin:$/gm)?.length, 2, said);
  assert.equal(said.match(/^\$\d+ = .*$/gm), ['$1 = 11', '$2 = 11', '$3 = 11'], said);
});

test('a library in a namespace of its own', async () => {
  using namespaces = recordGuest('namespaces', { args: [compile(guestSource('plugin'), '-O0')] });
  const said = await namespaces.gdb([
    'set breakpoint pending on',
    'break pluginStep',
    'continue',
    'backtrace',
    'finish',
  ]);
  says(said, /^Breakpoint 1, pluginStep \(number=2\) at .*plugin\.c/m);
  says(said, /^#1 .* main \(/m);
  says(said, /^Value returned is \$1 = 10$/m);
});

test('catchpoints of exceptions bear that their library goes and comes', async () => {
  using classes = recordGuest('classes');
  const said = await classes.gdb([
    'break main',
    'catch throw',
    'continue',
    'continue',
    'seek begin',
    'tbreak check',
    'continue',
    'delete 1',
    'reverse-continue',
    'continue',
    'backtrace 2',
    'continue',
    'backtrace 2',
    'delete 2',
    'info breakpoints',
    'start',
  ]);
  assert.is(said.match(/^Catchpoint 2 \(exception thrown\)/gm)?.length, 2, said);
  says(said, /^Temporary breakpoint 3, check \(/m);
  says(said, /^#1 .* check \(/m);
  says(said, /^No breakpoints or watchpoints\.$/m);
  says(said, /^Temporary breakpoint 4, main \(\)/m);
});

test('a static program has none', async () => {
  using calls = recordGuest('calls', { flags: ['-static'] });
  const said = await calls.gdb(['break square', 'continue', 'info sharedlibrary', 'run', 'backtrace 1'], '-e');
  says(said, /^No shared libraries loaded at this time\.$/m);
  says(said, /^#0 +0x[0-9a-f]+ in _start \(\)$/m);
});

test.run();
