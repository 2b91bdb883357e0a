// Options and operands: what is understood, and what the errors say.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fasterOf } from '../engine/record/processors.ts';
import { findCommand, globalOptions } from '../engine/cli/command-table.ts';
import { recordOptions } from '../engine/cli/commands/record.ts';
import { debugOptions, replayOptions } from '../engine/cli/commands/replay.ts';
import { parseChecksumMode, parseGlobalOptions } from '../engine/cli/global-options.ts';
import type { Invocation } from '../engine/cli/grammar.ts';
import { nearest } from '../engine/cli/nearest.ts';
import { OptionValues, parseWords } from '../engine/cli/parse.ts';
import { EngineError } from '../engine/errors.ts';

function invocation(name: string, words: readonly string[]): Invocation {
  const command = findCommand(name)!;
  const { values, operands, afterDashes } = parseWords(words, {
    options: command.options,
    command: name,
    globalOptions,
    stopsAtOperand: command.stopsAtOperand === true,
    separatesAtDashes: command.takesDebuggerOptions === true,
  });
  return { command, global: parseGlobalOptions(new OptionValues()), values, operands, afterDashes };
}

const record = (...words: string[]) => recordOptions(invocation('record', words));
const replay = (...words: string[]) => replayOptions(invocation('replay', words));
const debug = (...words: string[]) => debugOptions(invocation('replay', words));

/** The function must throw an EngineError with that code, whose message matches. */
function throwsCode(action: () => unknown, code: string, message: RegExp): void {
  try {
    action();
  } catch (error) {
    assert.instance(error, EngineError);
    assert.is((error as EngineError).code, code);
    assert.is((error as EngineError).exitStatus, 2);
    assert.match((error as EngineError).message, message);
    return;
  }
  assert.unreachable(`nothing thrown, expected ${code}`);
}

test('record: options end at the program', () => {
  const { program, args, wait, noSyscallBuffer } = record('-w', 'ls', '-n', '--wait');
  assert.equal([program, args, wait, noSyscallBuffer], ['ls', ['-n', '--wait'], true, false]);
});

test('record: dashes end the options', () => {
  const { program, args } = record('--', '-odd', '--', 'x');
  assert.equal([program, args], ['-odd', ['--', 'x']]);
});

test('record: defaults', () => {
  const { program, args, env, wait, cpuUnbound, compress, noSyscallBuffer, checksum } = record('true');
  assert.equal(
    { program, args, env, wait, cpuUnbound, compress, noSyscallBuffer, checksum },
    {
      program: 'true',
      args: [],
      env: [],
      wait: false,
      cpuUnbound: false,
      compress: 'fast',
      noSyscallBuffer: false,
      checksum: { when: 'never' },
    },
  );
});

test('record: values attached, with = and as the next word', () => {
  assert.is(record('-o', 'd', 'x').outputTraceDir, 'd');
  assert.is(record('-od', 'x').outputTraceDir, 'd');
  assert.is(record('-o=d', 'x').outputTraceDir, 'd');
  assert.is(record('--output-trace-dir', 'd', 'x').outputTraceDir, 'd');
  assert.is(record('--output-trace-dir=d', 'x').outputTraceDir, 'd');
});

test('record: flags of one letter together, the last one with a value', () => {
  const { wait, cpuUnbound, printTraceDirFd } = record('-wup', '9', 'x');
  assert.equal([wait, cpuUnbound, printTraceDirFd], [true, true, 9]);
});

test('record: the level of --compress comes with = only', () => {
  assert.is(record('--compress', 'ls').compress, 'fast');
  assert.is(record('--compress', 'ls').program, 'ls');
  assert.is(record('--compress=best', 'ls').compress, 'best');
  assert.is(record('--compress=none', 'ls').compress, 'none');
  throwsCode(() => record('--compress=most', 'ls'), 'BAD_VALUE', /none, fast, best/);
});

test('record: environment in the order given', () => {
  assert.equal(record('-v', 'A=1', '--env=B=', '-vA=2=3', 'x').env, ['A=1', 'B=', 'A=2=3']);
  throwsCode(() => record('-v', 'A', 'x'), 'BAD_VALUE', /NAME=VALUE/);
  throwsCode(() => record('-v', '=A', 'x'), 'BAD_VALUE', /NAME=VALUE/);
});

test('record: signals by number and name', () => {
  assert.is(record('-t', '11', 'x').continueThroughSignal, 11);
  assert.is(record('-t', 'SIGSEGV', 'x').continueThroughSignal, 11);
  assert.is(record('-t', 'segv', 'x').continueThroughSignal, 11);
  throwsCode(() => record('-t', '65', 'x'), 'BAD_VALUE', /1 to 64/);
  throwsCode(() => record('-t', 'SIGNONE', 'x'), 'BAD_VALUE', /SIGNONE/);
});

test('record: processors', () => {
  assert.is(record('--bind-to-cpu=any', 'x').bindToCpu, undefined);
  assert.is(record('--bind-to-cpu=1', 'x').bindToCpu, 1);
  assert.is(record('--bind-to-cpu=p-core', 'x').bindToCpu, 'p-core');
  assert.equal(fasterOf([0, 1, 2, 3], '0-1\n'), [0, 1]);
  assert.equal(fasterOf([1, 3], undefined), [1, 3]);
  assert.throws(() => fasterOf([2, 3], '0-1\n'), /the faster processors are 0, 1/);
  assert.is(record('--num-cores', '4', 'x').numCores, 4);
  throwsCode(() => record('--bind-to-cpu=one', 'x'), 'BAD_VALUE', /expected a number/);
  throwsCode(() => record('-u', '--bind-to-cpu=1', 'x'), 'BAD_VALUE', /contradict/);
  throwsCode(() => record('--num-cores=0', 'x'), 'BAD_VALUE', /1 to 1024/);
});

test('record: needs a program', () => {
  throwsCode(() => record('-w'), 'MISSING_PROGRAM', /which program/);
});

test('replay: options and trace in any order', () => {
  const { trace, quiet, statsInterval } = replay('t', '-aq', '--stats', '100');
  assert.equal([trace, quiet, statsInterval], ['t', true, 100]);
  assert.is(replay('-a').trace, undefined);
});

test('replay: what follows the dashes is for the debugger, behind its options', () => {
  const { trace, debuggerOptions } = debug('t', '-o', '-batch', '--', '-x', 'script');
  assert.equal([trace, debuggerOptions], ['t', ['-batch', '-x', 'script']]);
});

test('replay: where the debugger finds the program', () => {
  assert.equal(debug('t').start, { atEnd: false });
  assert.equal(debug('-p', 'cc1', '-e').start, { process: 'cc1', atEnd: true });
  assert.equal(debug('-g5', '-f', '12').start, { fork: 12, event: 5, atEnd: false });
  throwsCode(() => debug('-g', 'x'), 'BAD_VALUE', /--goto x: expected a number/);
});

test('replay: a port without a debugger', () => {
  const { port, host, keepsListening, debuggerFile } = debug('-s', '0', '-h', 'localhost', '-k');
  assert.equal([port, host, keepsListening, debuggerFile], [0, 'localhost', true, 'gdb']);
  throwsCode(() => debug('-s', '65536'), 'BAD_VALUE', /--dbgport 65536/);
});

test('checksum modes', () => {
  assert.equal(parseChecksumMode('on-syscalls'), { when: 'syscalls' });
  assert.equal(parseChecksumMode('on-all-events'), { when: 'allEvents' });
  assert.equal(parseChecksumMode('every:50'), { when: 'every', interval: 50 });
  assert.equal(parseChecksumMode('1000'), { when: 'from', event: 1000 });
  throwsCode(() => parseChecksumMode('every:0'), 'BAD_VALUE', /1 or more/);
  throwsCode(() => parseChecksumMode('sometimes'), 'BAD_VALUE', /on-syscalls/);
});

test('an unknown option names the nearest one', () => {
  throwsCode(
    () => record('--comprss', 'x'),
    'UNKNOWN_OPTION',
    /record: unknown option --comprss; did you mean --compress\?/,
  );
  throwsCode(() => record('--outptu-trace-dir=x', 'x'), 'UNKNOWN_OPTION', /--output-trace-dir\?/);
  throwsCode(() => replay('-Q'), 'UNKNOWN_OPTION', /-q \(--no-redirect-output\)/);
});

test('an option that may stand before the command may stand behind it; a name of the command’s own is the command’s', () => {
  const { values, operands } = invocation('record', ['-C', 'on-syscalls', '--log=all', '-h', 'x', '-M']);
  assert.equal([values.text('checksum'), values.text('log')], ['on-syscalls', 'all']);
  assert.ok(values.has('chaos') && !values.has('help') && !values.has('mark-stdio'));
  assert.equal(operands, ['x', '-M']);
});

test('sizes and times, as people write them', () => {
  const sizes = { '500': 500, '20K': 20480, '1.5M': 1572864, '2G': 2 ** 31, '3MiB': 3 << 20, '4kB': 4096 };
  for (const [text, size] of Object.entries(sizes)) assert.is(record(`--max-size=${text}`, 'x').maxSize, size, text);
  const times = { '90': 90_000, '500ms': 500, '30s': 30_000, '10m': 600_000, '1.5h': 5_400_000, '7d': 604_800_000 };
  for (const [text, time] of Object.entries(times)) assert.is(record(`--max-time=${text}`, 'x').maxTime, time, text);
  for (const text of ['', '0', 'x', '-1', '1X', '1e9', '9999999T', '0x10', '1 M']) {
    throwsCode(() => record(`--max-size=${text}`, 'x'), 'BAD_VALUE', /^--max-size .*: expected a size/);
  }
  for (const text of ['', '0', 's', '-1s', '1y', '5 m']) {
    throwsCode(() => record(`--max-time=${text}`, 'x'), 'BAD_VALUE', /^--max-time .*: expected a time/);
  }
  throwsCode(() => record('--keep=some', 'x'), 'BAD_VALUE', /expected always, failures, never/);
  throwsCode(() => record('--at-cap=wait', 'x'), 'BAD_VALUE', /expected stop, kill/);
  throwsCode(() => record('--keep-last=5M', 'x'), 'NOT_SUPPORTED', /checkpoints; --max-size/);
});

test('an option that cannot be had here says why', () => {
  const refusal = /^record --check-outside-mmaps: [^\n]{40,}$/;
  throwsCode(() => record('--check-outside-mmaps', 'x'), 'NOT_SUPPORTED', refusal);
});

test('features of the processor are hidden by masks', () => {
  const none = { subleaf: 0, eax: 0, ebx: 0, ecx: 0, edx: 0 };
  assert.equal(record('x').hiddenFeatures, []);
  assert.equal(record('--disable-cpuid-features', '0x80000000,12', 'x').hiddenFeatures, [
    { ...none, leaf: 1, ecx: 0x80000000, edx: 12 },
  ]);
  assert.equal(record('--disable-cpuid-features-ext=1,2,3', '--disable-cpuid-features-xsave=8', 'x').hiddenFeatures, [
    { ...none, leaf: 7, ebx: 1, ecx: 2, edx: 3 },
    { ...none, leaf: 13, subleaf: 1, eax: 8 },
  ]);
  assert.is(record('--disable-avx-512', 'x').hiddenFeatures[0]?.ebx, 0xdc230000);
  for (const masks of ['', '1,2,3', '0x100000000', '1,', 'avx']) {
    throwsCode(() => record('--disable-cpuid-features', masks, 'x'), 'BAD_VALUE', /expected .*mask/);
  }
});

test('what rr calls detach is release here', () => {
  assert.is(record('--nested=detach', 'x').nested, 'release');
  assert.is(record('--nested=release', 'x').nested, 'release');
  throwsCode(() => record('--nested=leave', 'x'), 'BAD_VALUE', /expected ignore, detach or release/);
});

test('options that mean nothing here are accepted', () => {
  assert.is(record('--syscall-buffer-size', '1024', '--scarce-fds', '--unmap-vdso', 'x').program, 'x');
  throwsCode(() => record('--syscall-buffer-size', 'large', 'x'), 'BAD_VALUE', /--syscall-buffer-size/);
});

test('values that are missing, unwanted or no numbers', () => {
  throwsCode(() => record('-o'), 'MISSING_VALUE', /-o needs a value: DIR/);
  throwsCode(() => record('--env'), 'MISSING_VALUE', /--env needs a value/);
  throwsCode(() => record('--syscall-buffer-sig', '65', 'x'), 'BAD_VALUE', /--syscall-buffer-sig/);
  throwsCode(() => record('--wait=yes', 'x'), 'UNWANTED_VALUE', /--wait takes no value/);
  throwsCode(() => record('-p', '-1', 'x'), 'BAD_VALUE', /-1/);
  throwsCode(() => record('-p', '1e3', 'x'), 'BAD_VALUE', /1e3/);
  throwsCode(() => record('-p', '99999999999999999999', 'x'), 'BAD_VALUE', /expected a number/);
  throwsCode(() => record('-o', '', 'x'), 'BAD_VALUE', /directory/);
});

test('nearest: fewest edits, swaps of neighbours count once', () => {
  assert.is(nearest('recrod', ['replay', 'record']), 'record');
  assert.is(nearest('recrod', ['record'], 1), 'record');
  assert.is(nearest('xyz', ['record'], 2), undefined);
  assert.is(nearest('ps', [], 2), undefined);
});

test.run();
