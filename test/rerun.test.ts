// `rr rerun`: registers in a window of events, at each event and at each instruction.
// Time limit: 300 s
import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { recordGuest, says } from './debug/recording.ts';

const test = suite('rerun');
const calls = recordGuest('calls');
const threads = recordGuest('threads');
const forks = recordGuest('forks');
const signals = recordGuest('signals');
test.after(() => {
  for (const recording of [calls, threads, forks, signals]) recording[Symbol.dispose]();
});

function rr(...words: string[]) {
  const { stdout, stderr, status } = spawnSync('bin/rr', words, { maxBuffer: 1 << 28 });
  return { bytes: stdout, text: stdout.toString(), stderr: stderr.toString(), status };
}

/** The lines of a rerun that succeeds, each a map of names to values. */
function linesOf(...words: string[]): ReadonlyMap<string, string>[] {
  const { text, stderr, status } = rr('rerun', ...words);
  assert.is(stderr, '');
  assert.is(status, 0);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => new Map(line.split(' ').map((part) => part.split(':') as [string, string])));
}

interface Dumped {
  readonly event: number;
  readonly tid: number;
  readonly kind: string;
  readonly registers: Readonly<Record<string, string>>;
}

function dump(trace: string): Dumped[] {
  const lines = rr('dump', '-r', '--json', trace).text.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Dumped);
}

const own = new Set(['syscall', 'sched', 'trap', 'signal']);

for (const [name, recording] of [
  ['calls', calls],
  ['threads', threads],
] as const) {
  test(`--event-regs prints what the trace has: ${name}`, () => {
    const recorded = new Map(dump(recording.trace).map((each) => [each.event, each]));
    const lines = linesOf(recording.trace, '--event-regs=event,tid,rip,rsp,rbx');
    let compared = 0;
    for (const line of lines) {
      const event = recorded.get(Number(line.get('event')));
      assert.ok(event !== undefined);
      if (!own.has(event.kind)) continue;
      compared++;
      assert.is(Number(line.get('tid')), event.tid);
      for (const register of ['rip', 'rsp', 'rbx']) {
        assert.is(BigInt(line.get(register)!), BigInt(event.registers[register]!), `${register} at ${event.event}`);
      }
    }
    assert.ok(compared > 20, `${compared} events`);
  });
}

test('a window begins on the way to an event, and ends before another', () => {
  const events = (...words: string[]) =>
    linesOf(calls.trace, '--event-regs=event', ...words).map((line) => line.get('event'));
  assert.equal(events('-s', '10', '-e', '13'), ['10', '11', '12']);
  assert.equal(events('--trace-start=10', '--trace-end=11'), ['10']);
  assert.is(events('-e', '4').length, 3);
});

test('--singlestep has a line for each instruction, at a place that the debugger knows', async () => {
  const { event } = dump(calls.trace).findLast(({ kind }) => kind === 'syscall')!;
  const lines = linesOf(calls.trace, '-s', `${event}`, '-e', `${event + 1}`, '--singlestep=event,icount,ip,rax,rsp');
  assert.is(lines[0]!.get('event'), `${event - 1}`);
  for (const [index, line] of lines.slice(0, -1).entries()) assert.is(line.get('icount'), `${index}`);
  assert.is(lines.at(-1)!.get('event'), `${event}`);
  assert.is(lines.at(-1)!.get('icount'), '0');
  const chosen = [1, Math.floor(lines.length / 2), lines.length - 2].map((index) => lines[index]!);
  const seen = await calls.gdb(
    chosen.flatMap((line) => [
      `seek ${line.get('event')}+${line.get('icount')}`,
      'printf "%#lx %#lx %#lx\\n", $pc, $rax, $sp',
    ]),
  );
  for (const line of chosen) {
    says(seen, `${line.get('rip')} ${line.get('rax') === '0x0' ? '0' : line.get('rax')} ${line.get('rsp')}`);
  }
});

test('all threads are stepped', () => {
  const recorded = new Set(dump(threads.trace).map(({ tid }) => `${tid}`));
  const end = dump(threads.trace).findLast(({ kind }) => kind === 'taskStart')!.event + 20;
  const lines = linesOf(threads.trace, '-s', `${end - 60}`, '-e', `${end}`, '--singlestep=tid,icount');
  const stepped = new Set(lines.filter((line) => line.get('icount') !== '0').map((line) => line.get('tid')!));
  assert.ok(stepped.size > 2, `${[...stepped]} of ${[...recorded]}`);
  for (const tid of stepped) assert.ok(recorded.has(tid));
});

for (const [name, recording, first] of [
  ['another process', forks, 'taskStart'],
  ['signal handlers', signals, 'signal'],
] as const) {
  test(`each event is come to in steps: ${name}`, () => {
    const recorded = dump(recording.trace);
    const start = recorded.findLast(({ kind }) => kind === first)!.event;
    const end = Math.min(start + 12, recorded.at(-1)!.event);
    const lines = linesOf(recording.trace, '-s', `${start}`, '-e', `${end}`, '--singlestep=event,tid,icount,rip');
    const known = new Map(recorded.map((each) => [each.event, each]));
    let compared = 0;
    for (const line of lines) {
      const event = known.get(Number(line.get('event')))!;
      if (line.get('icount') !== '0' || !own.has(event.kind)) continue;
      compared++;
      assert.is(Number(line.get('tid')), event.tid);
      assert.is(BigInt(line.get('rip')!), BigInt(event.registers.rip!), `rip at ${event.event}`);
    }
    assert.ok(compared >= 3, `${compared} events`);
    assert.ok(lines.length > 100, `${lines.length} lines`);
  });
}

test('--raw has the same values as bytes', () => {
  const words = ['-s', '20', '-e', '24', '--event-regs=event,gp_x16,xmm_x16'];
  const lines = linesOf(calls.trace, ...words);
  const { bytes } = rr('rerun', calls.trace, '-r', ...words);
  const size = 8 + 16 * 8 + 16 * 16;
  assert.is(bytes.length, lines.length * size);
  for (const [index, line] of lines.entries()) {
    assert.is(bytes.readBigUInt64LE(index * size), BigInt(line.get('event')!));
    assert.is(bytes.readBigUInt64LE(index * size + 8), BigInt(line.get('rax')!));
    const last = bytes.subarray(index * size + size - 16, index * size + size);
    assert.is(last.readBigUInt64LE() + (last.readBigUInt64LE(8) << 64n), BigInt(line.get('xmm15')!));
  }
});

test('--function calls a function of the program at the beginning of the window', async () => {
  const said = await calls.gdb(['break move', 'continue', 'when', 'print square'], '-q');
  const event = Number(/^Completed event: (\d+)$/m.exec(said)?.[1]);
  const address = /\{[^}]*\} (0x[0-9a-f]+) <square>/.exec(said)?.[1];
  assert.ok(address !== undefined, said);
  const lines = linesOf(calls.trace, '-s', `${event + 1}`, '-f', address, '--singlestep=icount,rip,rdi,rax');
  const argument = Number(BigInt.asIntN(32, BigInt(lines[0]!.get('rdi')!)));
  assert.is(lines[0]!.get('rip'), address);
  const status = Number(BigInt.asIntN(32, BigInt(lines.at(-1)!.get('rax')!)));
  assert.is(status, Math.imul(argument, argument));
});

for (const [what, words, expected, status] of [
  ['no register', ['--event-regs=rip,eip'], /"eip" is no register; also event, icount/, 2],
  ['no ticks', ['--singlestep=ticks'], /a rerun counts none/, 2],
  ['nothing to print', [], /what to print\? --singlestep=REGS/, 2],
  ['an empty window', ['--event-regs=ip', '-s', '9', '-e', '9'], /--trace-end 9: expected a number, 10 or more/, 2],
  [
    'an event that is not there',
    ['--event-regs=ip', '-s', '99999'],
    /no event 99999: the recording has events 1 to/,
    1,
  ],
  ['a function without its steps', ['--event-regs=ip', '-f', '0x1000'], /--function: what to print/, 2],
  ['no address', ['--singlestep=ip', '-f', 'main'], /--function main: expected an address/, 2],
  ['a function that is none', ['--singlestep=ip', '-s', '30', '-f', '0x1000'], /the call of 0x1000 met signal 11/, 1],
] as const) {
  test(`says what is wrong: ${what}`, () => {
    const { stderr, status: found } = rr('rerun', calls.trace, ...words);
    assert.match(stderr, expected);
    assert.is(stderr.split('\n').length, 2, stderr);
    assert.is(found, status);
  });
}

test('rr replay -t prints each instruction up to an event', () => {
  const traced = rr('replay', '-t', '6', calls.trace);
  assert.is(traced.status, 0, traced.stderr);
  const registers = 'event,icount,tid,ip,gp_x16,flags';
  assert.is(traced.text, rr('rerun', '-e', '6', `--singlestep=${registers}`, calls.trace).text);
  const lines = traced.text.trimEnd().split('\n');
  assert.ok(lines.length > 20);
  assert.match(lines.at(-1)!, /^event:5 icount:\d+ tid:\d+ rip:0x[0-9a-f]+ .* eflags:0x[0-9a-f]+$/);
});

test.run();
