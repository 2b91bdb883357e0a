// The library: events, and a replay driven by a program.
// Time limit: 600 s
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openTrace } from '../engine/library/index.ts';
import type { Replay, Trace } from '../engine/library/rr-engine.d.ts';
import { type DebugRecording, guestSource, lineOf, recordCommand, recordGuest } from './debug/recording.ts';
import { compile } from './harness/compile.ts';

const test = suite('library');
const root = fileURLToPath(new URL('..', import.meta.url));
const calls = recordGuest('calls');
const forks = recordGuest('forks');
const signals = recordGuest('signals');
/** Instructions that are stepped one by one. */
const manySteps = Number(process.env.RR_TEST_STEPS ?? 10_000);
const instructionsOfRound = 8;
const loops = recordGuest('loops', { args: [`${Math.ceil(manySteps / instructionsOfRound)}`] });
const library = compile(guestSource('counted-library'), '-O0', '-shared', '-fPIC');
const counted = recordCommand([compile(guestSource('counted'), '-O0', library, `-Wl,-rpath,${dirname(library)}`)]);
test.after(() => {
  for (const recording of [calls, forks, signals, loops, counted]) recording[Symbol.dispose]();
});

async function withReplay(
  { trace: directory }: DebugRecording,
  body: (replay: Replay, trace: Trace) => Promise<void>,
): Promise<void> {
  await using trace = await openTrace(directory);
  await using replay = await trace.replay();
  await body(replay, trace);
}

async function rejects(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  try {
    await promise;
  } catch (error) {
    assert.is((error as { code?: string }).code, code);
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`expected ${code}`);
}

test('events are what rr dump prints', async () => {
  const dumped = spawnSync('bin/rr', ['dump', '-r', '-b', '--json', calls.trace], { encoding: 'utf8' });
  const expected = dumped.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  await using trace = await openTrace(calls.trace);
  let seen = 0;
  for await (const event of trace.events({ registers: true })) {
    const other = expected[seen++];
    assert.equal(
      [event.event, event.tid, event.kind, event.text, event.registers!.rip],
      [other.event, other.tid, other.kind, other.text, BigInt(other.registers.rip)],
    );
  }
  assert.is(seen, expected.length);
  assert.is(seen, trace.lastEvent);
  const some: number[] = [];
  for await (const { event } of trace.events({ from: 3, to: 5 })) some.push(event);
  assert.equal(some, [3, 4, 5]);
});

test('a breakpoint by name: symbols, registers, memory, lines', async () => {
  await withReplay(calls, async (replay, trace) => {
    assert.is(trace.processes.length, 1);
    const square = await replay.symbol('square');
    assert.is(square.file, trace.processes[0]!.program);
    await replay.breakpoint('square');
    const stop = await replay.run();
    assert.equal(stop, { kind: 'breakpoint', tid: trace.processes[0]!.pid, address: square.address });
    const registers = await replay.registers();
    assert.is(Number(registers.rip), square.address);
    assert.is(registers.value('rdi'), registers.rdi);
    assert.is(typeof registers.value('xmm3'), 'bigint');
    assert.is((await replay.symbolAt(square.address + square.size - 1))?.name, 'square');
    const line = await replay.line(square.address);
    assert.is(basename(line!.file), 'calls.c');
    assert.is(line!.line, lineOf('calls', 'static int square'));
    const text = await replay.symbol('last');
    assert.is(text.kind, 'object');
    await replay.goTo('end');
    assert.is(await replay.text(text.address + 8), 'end');
    assert.is(await replay.integer('total', 4), 285n);
    assert.ok((await replay.symbols('libc.so.6')).some(({ name }) => name === 'puts'));
  });
});

test('a handler is called at each hit, and ends the run when it says so', async () => {
  await withReplay(calls, async (replay) => {
    const values: number[] = [];
    const stopper = await replay.breakpoint('square', async ({ replay: same, tid, count }) => {
      const { rdi } = await same.registers(tid);
      values.push(Number(rdi));
      return count === 4 ? 'stop' : undefined;
    });
    assert.is((await replay.run()).kind, 'breakpoint');
    assert.equal(values, [0, 1, 2, 3]);
    assert.is((await replay.run()).kind, 'exit');
    assert.equal(values, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.is(stopper.count, 10);
    assert.is((await replay.run({ back: true })).kind, 'begin');
    assert.equal(values.slice(10), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    await stopper.remove();
    assert.is((await replay.run()).kind, 'exit');
    assert.is(values.length, 20);
  });
});

test('a watchpoint tells each value, at places that can be gone to again', async () => {
  const seen: { value: bigint; position: string }[] = [];
  await withReplay(calls, async (replay) => {
    await using _ = await replay.watchpoint('total', {}, async () => {
      seen.push({ value: await replay.integer('total', 4), position: await replay.position() });
    });
    assert.is((await replay.run()).kind, 'exit');
  });
  assert.equal(
    seen.map(({ value }) => Number(value)),
    [1, 5, 14, 30, 55, 91, 140, 204, 285],
  );
  await withReplay(calls, async (replay) => {
    for (const index of [4, 0, 8]) {
      const { value, position } = seen[index]!;
      await replay.goTo(position);
      assert.is(await replay.integer('total', 4), value, position);
      assert.is(
        (await replay.line(Number((await replay.registers()).rip) - 1))?.line,
        lineOf('calls', 'the global changes'),
      );
    }
  });
});

test('a checkpoint, and a loop over stops', async () => {
  await withReplay(calls, async (replay) => {
    await replay.breakpoint('move');
    const positions: string[] = [];
    let third: Awaited<ReturnType<Replay['checkpoint']>> | undefined;
    for await (const stop of replay.stops()) {
      assert.is(stop.kind, 'breakpoint');
      positions.push(await replay.position());
      if (positions.length === 3) third = await replay.checkpoint();
    }
    assert.is(positions.length, 10);
    await replay.goTo(third!);
    assert.is(await replay.position(), positions[2]);
    assert.is(await replay.integer('total', 4), 1n);
    await replay.run();
    assert.is(await replay.position(), positions[3]);
    await third!.remove();
    await rejects(replay.goTo(third!), 'NO_CHECKPOINT', /no checkpoint 1/);
  });
});

test(`${manySteps} instructions one by one lead where a run leads`, async () => {
  await withReplay(loops, async (replay, trace) => {
    const writes: { event: number; registers: Readonly<Record<string, bigint>> }[] = [];
    for await (const { event, text, registers } of trace.events({ registers: true })) {
      if (text.startsWith('write(1')) writes.push({ event, registers: registers! });
    }
    const [begin, end] = writes;
    await replay.goTo(end!.event);
    const atOnce = await replay.registers();
    await replay.goTo(begin!.event);
    assert.is((await replay.step({ count: manySteps })).kind, 'step');
    assert.is((await replay.state()).event, begin!.event);
    let left = 0;
    for (; (await replay.state()).event < end!.event; left++) await replay.step();
    assert.ok(left < manySteps / 2 + 1000, `${left} steps more`);
    const stepped = await replay.registers();
    for (const name of ['rip', 'rsp', 'rax', 'rbx', 'rbp', 'eflags'] as const) {
      assert.is(stepped[name], atOnce[name], name);
      assert.is(stepped[name], end!.registers[name], name);
    }
    assert.is(stepped.value('xmm0'), atOnce.value('xmm0'));
  });
});

test('another process by its name, and two replays at once', async () => {
  await using trace = await openTrace(forks.trace);
  assert.is(trace.processes.length, 3);
  await using echo = await trace.replay({ process: 'echo' });
  await using first = await trace.replay({ at: 'end' });
  assert.match((await echo.state()).program, /\/echo$/);
  assert.is((await first.state()).process, trace.processes[0]!.pid);
  await echo.goTo({ process: trace.processes[0]!.pid });
  assert.is((await echo.state()).process, trace.processes[0]!.pid);
});

test('passes are counted at many addresses in one run', async () => {
  await withReplay(counted, async (replay) => {
    await replay.breakpoint('main');
    await replay.run();
    const functions = (await replay.symbols('counted-library')).filter(({ kind }) => kind === 'function');
    const counts = await replay.countPasses(functions.map(({ address }) => address));
    const called = new Map(functions.map(({ name }, index) => [name, counts[index]]));
    assert.equal(
      ['twice', 'thrice', 'never'].map((name) => called.get(name)),
      [52, 12, 0],
    );
    assert.is((await replay.run({ back: true })).kind, 'breakpoint');
    assert.equal(await replay.countPasses(['twice'], { until: 'thrice' }), [40]);
  });
});

test('a million passes are counted by stubs, whatever is counted beside them', async () => {
  using hits = recordGuest('hits', { flags: ['-O2'] });
  await withReplay(hits, async (replay) => {
    await replay.goTo('begin');
    assert.equal(await replay.countPasses(['touch', 'rare', 'after']), [1_000_000, 4, 1]);
    assert.is((await replay.run()).kind, 'exit');
    await replay.goTo('begin');
    assert.equal(await replay.countPasses(['touch', 'rare'], { until: 'rare' }), [250_000, 0]);
    assert.equal(await replay.countPasses(['rare', 'touch'], { until: 'after' }), [3, 750_000]);
  });
});

test('signals and system calls can be caught', async () => {
  await withReplay(calls, async (replay) => {
    const brk = 12;
    await replay.catchSyscalls([brk]);
    for (const isEntry of [true, false, true, false]) {
      const { tid } = await replay.state();
      assert.equal(await replay.run(), { kind: 'syscall', tid, number: brk, isEntry });
    }
    await replay.catchSyscalls([]);
    assert.is((await replay.run()).kind, 'exit');
  });
  await withReplay(signals, async (replay) => {
    await replay.catchSignals([10, 11]);
    const numbers: number[] = [];
    for await (const stop of replay.stops()) if (stop.kind === 'signal') numbers.push(stop.signal);
    assert.equal(numbers, [10, 10, 11]);
  });
});

test('says what cannot be done', async () => {
  await withReplay(calls, async (replay, trace) => {
    await rejects(replay.breakpoint('squares'), 'NO_SYMBOL', /no symbol squares in what is mapped here \(calls, ld-/);
    await rejects(replay.symbols('libm.so.6'), 'NO_FILE', /libm\.so\.6 is not mapped here/);
    await rejects(replay.memory(0x1000, 4), 'UNREADABLE', /nothing is mapped at 0x1000/);
    await rejects(replay.goTo('12+x'), 'BAD_POSITION', /"12\+x" is no position/);
    await rejects(replay.goTo(99_999), 'NO_PLACE', /no event 99999/);
    await rejects(
      replay.goTo(trace.lastEvent),
      'NO_PLACE',
      /nothing runs any more behind event \d+: the last place is/,
    );
    assert.is((await replay.symbol('main')).kind, 'function');
    await rejects(replay.goTo({ process: 'make' }), 'NO_PROCESS', /no process make; it has/);
    await rejects(replay.registers(1), 'NO_TASK', /no task 1/);
    const failed: Promise<void>[] = [];
    await replay.breakpoint('main', () => {
      failed.push(
        rejects(replay.run(), 'BUSY', /run: the replay is moved by run: a handler can look, and return 'stop'/),
      );
    });
    await replay.run();
    await Promise.all(failed);
    assert.is(failed.length, 1);
    const values = (await replay.registers()).value;
    assert.throws(() => values('eip'), /no register eip/);
    await trace.close();
    await rejects(replay.state(), 'REPLAY_ENDED', /the replay has ended/);
    await rejects(trace.replay(), 'CLOSED', /has been closed: open it again/);
  });
  await rejects(openTrace(join(calls.folder, 'nothing')), 'TRACE_NOT_FOUND', /no such trace directory/);
});

test('an error of a handler ends the run, and is its error', async () => {
  await withReplay(calls, async (replay) => {
    const stopper = await replay.breakpoint('square', () => {
      throw new Error('of the handler');
    });
    let message = '';
    await replay.run().catch((error: Error) => {
      message = error.message;
    });
    assert.is(message, 'of the handler');
    await stopper.remove();
    assert.is((await replay.run()).kind, 'exit');
  });
});

function childrenOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) =>
    readFileSync(`/proc/${pid}/task/${tid}/children`, 'latin1')
      .split(' ')
      .filter((each) => each !== ''),
  );
}

test('nothing is left of a trace that was closed', async () => {
  const before = childrenOf(process.pid);
  await withReplay(calls, async (replay) => {
    await replay.breakpoint('main');
    await replay.run();
    await replay.line(Number((await replay.registers()).rip));
    assert.ok(childrenOf(process.pid).length > before.length);
  });
  assert.equal(
    childrenOf(process.pid).filter((pid) => !before.includes(pid)),
    [],
  );
});

// The examples of docs/library.md, as a user has them: the package by its name.

/** A block of code of the page: its language and name stand behind the fence. */
function example(name: string): string {
  const page = readFileSync(join(root, 'docs/library.md'), 'utf8');
  const found = new RegExp(`^\`\`\`js ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1];
  assert.ok(found !== undefined, `${name} in docs/library.md`);
  return found;
}

const place = join(calls.folder, 'place');

function user(file: string, text: string): string {
  mkdirSync(join(place, 'node_modules'), { recursive: true });
  const link = join(place, 'node_modules/rr-engine');
  if (!readdirSync(join(place, 'node_modules')).includes('rr-engine')) symlinkSync(root, link);
  writeFileSync(join(place, file), text);
  return join(place, file);
}

function runExample(name: string, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [user(name, example(name)), ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.is(stderr, '');
  assert.is(status, 0);
  return stdout;
}

test('docs: every value that a variable has had', () => {
  const lines = runExample('variable.mjs', calls.trace, 'total').trimEnd().split('\n');
  const values = lines.map((line) => line.split('\t'));
  assert.equal(
    values.map(([value]) => Number(value)),
    [1, 5, 14, 30, 55, 91, 140, 204, 285],
  );
  for (const [, line, position] of values) {
    assert.ok(line!.endsWith(`/calls.c:${lineOf('calls', 'the global changes')}`), line);
    assert.match(position!, /^\d+(\+0x[0-9a-f]+#\d+|\+\d+)+$/);
  }
});

test('docs: the functions of a library that are called most', () => {
  const lines = runExample('most-called.mjs', counted.trace, 'counted-library').trimEnd().split('\n');
  assert.equal(lines.slice(0, 2), ['52\ttwice', '12\tthrice']);
});

test('the types are good for a strict program of a user’s', () => {
  const file = user(
    'user.mts',
    [
      "import { openTrace, type Hit, type Replay, type Stop } from 'rr-engine';",
      'async function count(replay: Replay): Promise<bigint> {',
      "  await using stopper = await replay.breakpoint('main', ({ count }: Hit) => (count > 1 ? 'stop' : undefined));",
      "  await replay.watchpoint('total', { length: 4 }, async () => {});",
      '  const stop: Stop = await replay.run({ back: true });',
      "  const number: number = stop.kind === 'signal' ? stop.signal : stopper.count;",
      '  const { rip }: { rip: bigint } = await replay.registers();',
      '  return rip + BigInt(number);',
      '}',
      "await using trace = await openTrace('trace');",
      'for await (const { text } of trace.events()) text.trim();',
      "await count(await trace.replay({ process: 'cc1' }));",
    ].join('\n'),
  );
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', '', '--lib'];
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { stdout, status } = spawnSync(tsc, [...flags, 'es2022,esnext.disposable', file], {
    encoding: 'utf8',
    cwd: place,
  });
  assert.is(stdout, '');
  assert.is(status, 0);
});

test.run();
