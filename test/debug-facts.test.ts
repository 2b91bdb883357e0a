// What a debugger is told of a recording and its processes, and conditions in gdb's bytecode.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  conditionHolds,
  type ExpressionContext,
  evaluateExpression,
} from '../engine/debug/breakpoints/agent-expression.ts';
import { describeRecording } from '../engine/debug/describe-recording.ts';
import { Recorded } from '../engine/debug/replay/recorded.ts';
import { findProcess } from '../engine/debug/find-process.ts';
import { type ProcessFacts, processFile } from '../engine/debug/process-files.ts';
import { findSymbolFiles } from '../engine/debug/symbol-files.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { recordCommand, recordGuest } from './debug/recording.ts';

const test = suite('debug: facts');

function describe(trace: string) {
  const reader = TraceReader.open(trace);
  try {
    return describeRecording(reader).description;
  } finally {
    reader.close();
  }
}

test('processes of a recording: programs, parents, ends', () => {
  using recording = recordGuest('forks');
  const { processes, firstProcess, isComplete, lastEvent } = describe(recording.trace);
  assert.equal(
    processes.map(({ program, parent, status }) => [program, parent, status]),
    [
      [recording.program, undefined, 0],
      ['', firstProcess, 42 << 8],
      ['/usr/bin/echo', firstProcess, 0],
    ],
  );
  assert.ok(isComplete);
  assert.is(processes[0]!.lastEvent, lastEvent - 1);
  assert.ok(processes[2]!.execEvent! > processes[2]!.firstEvent);
});

test('what a debugger is told first takes no look at the events', () => {
  using recording = recordCommand(['sh', '-c', 'for i in 1 2 3; do /bin/echo $i; done']);
  const { next } = TraceReader.prototype;
  let events = 0;
  TraceReader.prototype.next = function (this: TraceReader) {
    events++;
    return next.call(this);
  };
  try {
    const recorded = new Recorded(recording.trace);
    assert.is(recorded.description.processes.length, 4);
    assert.equal(recorded.beginningOf(recorded.description.firstProcess), { event: recorded.firstProgram, legs: [] });
    findSymbolFiles(recording.trace, join(recording.folder, 'symbols'));
    assert.is(events, 0);
    recorded.close();
  } finally {
    TraceReader.prototype.next = next;
  }
});

test('the program of a script is its interpreter, that of a link is the file', () => {
  using recording = recordCommand([
    'bash',
    '-c',
    'printf "#!/bin/sh\\n:\\n" > s; chmod +x s; ln -s /bin/true t; ./t; ./s',
  ]);
  const described = describe(recording.trace);
  const programs = described.processes.map(({ program }) => program);
  assert.ok(programs.includes('/usr/bin/true'), programs.join());
  assert.ok(programs.includes('/usr/bin/dash'), programs.join());
  // By what it goes by for its users, too.
  for (const name of ['t', './t', 'true', '/usr/bin/true']) {
    assert.is(findProcess(described, name).program, '/usr/bin/true', name);
  }
  assert.throws(() => findProcess(described, 'u'), /has no process u; it has \d+ \(/);
});

test('symbols come from the files here where they are the recorded ones, else from the store', () => {
  const place = mkdtempSync(join(tmpdir(), 'rr-symbols-'));
  try {
    const program = join(place, 'program');
    copyFileSync('/bin/true', program);
    using recording = recordCommand([program]);
    assert.equal(findSymbolFiles(recording.trace, join(place, 'same')), { root: '/', remarks: [] });
    writeFileSync(program, 'another build');
    const { root, remarks } = findSymbolFiles(recording.trace, join(place, 'other'));
    assert.equal(remarks, [`${program} is not the one that was recorded: its symbols come from the recorded file`]);
    assert.equal(readFileSync(join(root, program)), readFileSync('/bin/true'));
    for (const library of ['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2']) {
      assert.is(realpathSync(join(root, library)), realpathSync(library));
    }
    rmSync(program);
    assert.match(findSymbolFiles(recording.trace, join(place, 'gone')).remarks[0]!, /program is not here: its symbols/);
  } finally {
    rmSync(place, { recursive: true });
  }
});

test('a library is found by the name that programs ask for, where the link of that name is gone', () => {
  const place = mkdtempSync(join(tmpdir(), 'rr-symbols-'));
  try {
    const built = join(place, 'built');
    mkdirSync(built);
    const shell = (command: string) => execFileSync('sh', ['-ec', command], { cwd: built });
    shell(
      'echo "int answer(void) { return 0; }" | gcc -shared -Wl,-soname,libanswer.so.1 -o libanswer.so.1.2.3 -x c -',
    );
    shell('ln -s libanswer.so.1.2.3 libanswer.so.1');
    shell('echo "int answer(void); int main(void) { return answer(); }" > main.c');
    shell('gcc -o program main.c ./libanswer.so.1 -Wl,-rpath,"$PWD"');
    using recording = recordCommand([join(built, 'program')]);
    const library = readFileSync(join(built, 'libanswer.so.1.2.3'));
    rmSync(built, { recursive: true });
    const { root } = findSymbolFiles(recording.trace, join(place, 'gone'));
    for (const name of ['libanswer.so.1.2.3', 'libanswer.so.1.2', 'libanswer.so.1']) {
      assert.equal(readFileSync(join(root, built, name)), library, name);
    }
    assert.ok(existsSync(join(root, '/lib64/ld-linux-x86-64.so.2')));
  } finally {
    rmSync(place, { recursive: true });
  }
});

const kernelMaps = `00400000-00401000 r-xp 00000000 00:2a 77                         /store/ab/cdef
70000000-70002000 r-xp 00000000 00:00 0
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0
`;
const facts: ProcessFacts = {
  process: 12,
  parent: 1,
  tasks: [
    { tid: 12, name: 'main' },
    { tid: 13, name: 'worker' },
  ],
  program: '/bin/program',
  workingDirectory: '/home',
  arguments: ['program', 'a b'],
  auxiliaryVector: Uint8Array.of(1, 2),
  kernelFile: (name) =>
    name === 'maps' ? kernelMaps : kernelMaps.replace(/$/gm, '\nSize: 4 kB').replace(/\nSize: 4 kB$/, ''),
  fileAt: (address) => (address === 0x400000 ? { path: '/bin/program', offset: 0x1000 } : undefined),
  isHidden: (start) => start === 0x70000000,
  labelOf: (start) => (start === 0x7ffd00000000 ? '[stack]' : undefined),
};
const text = (path: string): string | undefined => {
  const content = processFile(facts, path);
  return content === undefined ? undefined : Buffer.from(content).toString();
};

test('mappings have the recorded names, and none of ours', () => {
  assert.equal(
    text('/proc/12/maps')
      ?.split('\n')
      .map((line) => line.split(/ +/)),
    [
      ['00400000-00401000', 'r-xp', '00001000', '00:01', '1', '/bin/program'],
      ['7ffd00000000-7ffd00021000', 'rw-p', '00000000', '00:00', '0', '[stack]'],
      [''],
    ],
  );
  assert.is(text('/proc/12/smaps')?.match(/^Size: 4 kB$/gm)?.length, 2);
});

test('other files of a process and of its tasks', () => {
  assert.is(text('/proc/12/cmdline'), 'program\0a b\0');
  assert.is(text('/proc/12/exe'), '/bin/program');
  assert.is(text('/proc/12/cwd'), '/home');
  assert.is(text('/proc/12/task/13/comm'), 'worker\n');
  assert.match(text('/proc/12/status')!, /^Name:\tmain$/m);
  assert.is(text('/proc/12/stat')?.split(' ').length, 52);
  for (const path of [
    '/proc/13/maps',
    '/proc/12/task/14/comm',
    '/proc/12/mem',
    '/proc/12/toString',
    '/proc/self/maps',
  ]) {
    assert.is(text(path), undefined, path);
  }
});

const context: ExpressionContext = {
  register: (number) => (number === 5 ? 0xffff_ffff_ffff_fffen : undefined),
  read: (address, length) =>
    address === 0x1000 ? Uint8Array.of(0xfe, 0xff, 0, 0, 0, 0, 0, 1).subarray(0, length) : undefined,
};
const evaluate = (hex: string): bigint => evaluateExpression(Buffer.from(hex, 'hex'), context);

test('arithmetic, references and jumps of agent expressions', () => {
  assert.is(evaluate('2205220302 27'.replaceAll(' ', '')), 8n);
  assert.is(evaluate('260005220314 27'.replaceAll(' ', '')), 1n, 'a register, signed');
  assert.is(evaluate('260005220315 27'.replaceAll(' ', '')), 0n, 'unsigned');
  assert.is(evaluate('23100018161027'), 0xffff_ffff_ffff_fffen, 'ref16, ext 16');
  assert.is(evaluate('2310001827'), 0xfffen);
  assert.is(evaluate('220122022b0327'), 1n, 'swap, sub');
  assert.is(evaluate('2201200008 2207 27 2209 27'.replaceAll(' ', '')), 9n, 'if_goto');
});

test('what cannot be evaluated counts as a hit', () => {
  for (const hex of ['220122000527', '2320001727', '0b', '22', 'ff', '210000', '', '26000927', '22c82a6427']) {
    assert.ok(conditionHolds(Buffer.from(hex, 'hex'), context), hex);
  }
  assert.not.ok(conditionHolds(Buffer.from('220027', 'hex'), context));
});

test.run();
