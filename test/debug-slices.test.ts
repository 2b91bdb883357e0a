// Forced stops are places in mid-code: one goes back from them, and breakpoints at their very address stop there once.
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { opcodes } from '../engine/debug/breakpoints/agent-expression.ts';
import { decodeAt } from '../engine/debug/replay/predecessors.ts';
import type { RemoteTarget } from '../engine/debug/target.ts';
import { eventKinds } from '../engine/generated/schema.ts';
import { instructionKinds } from '../engine/replay/primitives.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { constant, registerValue } from './debug/agent-code.ts';
import { addressOf, registerOf, stateOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: forced stops');
const program = compile(fileURLToPath(new URL('guests-debug/slices.c', import.meta.url)));
const mostStops = 4;

function forcedStops(directory: string): number[] {
  const reader = TraceReader.open(directory);
  try {
    const found: number[] = [];
    while (reader.event < reader.lastEvent && reader.next()) {
      if (reader.frame.eventKind === eventKinds.sched) found.push(reader.event);
    }
    return found;
  } finally {
    reader.close();
  }
}

/** On a recording with some forced stops: of twice as many rounds where the machine was too fast. */
async function withStops(
  rounds: number,
  check: (target: RemoteTarget, directory: string) => Promise<void>,
  options: readonly string[] = [],
): Promise<void> {
  let isStopped = false;
  await withTarget([...options, program, `${rounds}`], async (target, directory) => {
    isStopped = forcedStops(directory).length > 1;
    if (isStopped) await check(target, directory);
  });
  if (isStopped) return;
  assert.ok(rounds < 10_000_000_000, 'threads that compute are stopped');
  await withStops(2 * rounds, check, options);
}

test('back from a forced stop, and forward to it, with a breakpoint there', async () => {
  await withStops(60_000_000, async (target, directory) => {
    const stops = forcedStops(directory).slice(0, mostStops);
    for (const event of stops) {
      await target.seek({ kind: 'event', event });
      const { tid } = await target.state();
      const here = await stateOf(target, 'all');
      const address = await registerOf(target, 'rip');
      const back = await target.resume({ direction: 'backward', how: 'step', tid });
      assert.equal(back, { kind: 'step', tid });
      const before = await target.state();
      const stateBefore = await stateOf(target, 'all');
      assert.ok(before.event < event, `${before.position} is before event ${event}`);
      await target.setBreakpoints([{ kind: 'software', address, length: 1, conditions: [] }]);
      const stop = await target.resume({ direction: 'forward', how: 'continue', tid });
      assert.equal(stop, { kind: 'breakpoint', tid, address, hardware: false });
      assert.is(await stateOf(target, 'all'), here, `forward from ${before.position}`);
      const { position } = await target.state();
      // The same place is not met a second time.
      await target.resume({ direction: 'forward', how: 'continue', tid });
      assert.is.not(await stateOf(target, 'all'), here, `on from ${position}`);
      for (const breakpoints of [[], [{ kind: 'software', address, length: 1, conditions: [] } as const]]) {
        await target.setBreakpoints(breakpoints);
        await target.seek({ kind: 'position', text: position });
        assert.is(await stateOf(target, 'all'), here, position);
      }
      await target.resume({ direction: 'backward', how: 'step', tid });
      assert.is(await stateOf(target, 'all'), stateBefore, `back from ${position}`);
      await target.setBreakpoints([]);
    }
  });
});

/** gdb's number of rdx, and so much before a forced stop in `work`, whose loop counts there. */
const rdx = 3;
const passesOn = 100;

test('a condition that holds at one pass of a forced stop’s address is met there', async () => {
  await withStops(60_000_000, async (target, directory) => {
    const over = await addressOf(target, program, 'over');
    const places: { event: number; tid: number; address: number; round: number }[] = [];
    for (const event of forcedStops(directory)) {
      await target.seek({ kind: 'event', event });
      const { tid } = await target.state();
      places.push({ event, tid, address: await registerOf(target, 'rip'), round: await registerOf(target, 'rdx') });
    }
    // From one of a thread to its next one.
    const pairs = places.flatMap((next, index) => {
      const from = places.slice(0, index).findLast(({ tid }) => tid === next.tid);
      return from === undefined || next.round - from.round < 10 * passesOn ? [] : [{ from, next }];
    });
    assert.ok(pairs.length > 0);
    for (const { from, next } of pairs.slice(0, mostStops)) {
      const round = from.round + passesOn;
      const condition = [...registerValue(rdx), ...constant(round), opcodes.equal, opcodes.end];
      await target.seek({ kind: 'event', event: from.event });
      await target.setBreakpoints([
        { kind: 'software', address: next.address, length: 1, conditions: [Uint8Array.from(condition)] },
        { kind: 'software', address: over, length: 1, conditions: [] },
      ]);
      // The other thread may come to that round, too, before this one or behind it.
      const stopped: number[] = [];
      for (let { tid } = await target.state(); ; ) {
        const stop = await target.resume({ direction: 'forward', how: 'continue', tid });
        assert.is(stop.kind, 'breakpoint');
        if (stop.kind !== 'breakpoint' || stop.address === over) break;
        assert.is(await registerOf(target, 'rdx'), round);
        tid = stop.tid;
        stopped.push(tid);
      }
      assert.is(stopped.filter((tid) => tid === next.tid).length, 1, `event ${next.event}, stopped in ${stopped}`);
      assert.is(new Set(stopped).size, stopped.length);
      await target.setBreakpoints([]);
    }
  });
});

test('an interrupt ends the search for the next forced stop at once', async () => {
  await withStops(
    800_000_000,
    async (target, directory) => {
      const [event] = forcedStops(directory);
      await target.seek({ kind: 'event', event: event! - 1 });
      const { position, tid } = await target.state();
      const run = target.resume({ direction: 'forward', how: 'continue', tid });
      await setTimeout(500);
      const interrupted = performance.now();
      target.interrupt();
      assert.is((await run).kind, 'interrupted');
      const wait = performance.now() - interrupted;
      assert.is((await target.state()).position, position, 'it is over before that, or has gone on');
      // It is made anew.
      const begun = performance.now();
      await target.seek({ kind: 'event', event: event! });
      const search = performance.now() - begun;
      assert.ok(
        wait < search / 2,
        `the prompt came after ${wait.toFixed(0)} ms, the search takes ${search.toFixed(0)}`,
      );
      assert.is((await target.state()).event, event);
    },
    ['-c', '3000000000'],
  );
});

/** Addresses of the loop's instructions but for the jump back, which has no room for a stub. */
async function loopOf(target: RemoteTarget): Promise<number[]> {
  const start = await addressOf(target, program, 'work');
  const code = await target.readMemory(start, 256);
  const addresses: number[] = [];
  for (let offset = 0; offset < code.length; ) {
    const { length, kind } = decodeAt(code, offset)!;
    const at = start + offset;
    const distance = (code[offset + length - 1]! << 24) >> 24;
    offset += length;
    if (kind === instructionKinds.conditionalJump && distance < 0) {
      return addresses.filter((each) => each >= start + offset + distance);
    }
    addresses.push(at);
  }
  throw new Error('work has no loop');
}

test('a condition that does not hold costs no stop at any instruction of a loop between forced stops', async () => {
  await withStops(15_000_000, async (target) => {
    const loop = await loopOf(target);
    assert.ok(loop.length > 4, `${loop.length} instructions`);
    const over = await addressOf(target, program, 'over');
    for (const address of loop) {
      await target.seek({ kind: 'begin' });
      const { tid } = await target.state();
      await target.setBreakpoints([
        { kind: 'software', address, length: 1, conditions: [Uint8Array.of(opcodes.const8, 0, opcodes.end)] },
        { kind: 'software', address: over, length: 1, conditions: [] },
      ]);
      const begun = performance.now();
      const stop = await target.resume({ direction: 'forward', how: 'continue', tid });
      assert.equal(stop, { kind: 'breakpoint', tid, address: over, hardware: false });
      // By stops it takes ten minutes.
      const seconds = (performance.now() - begun) / 1000;
      assert.ok(seconds < 60, `0x${address.toString(16)}: ${seconds.toFixed(0)} s`);
      if (process.env.RR_TEST_TELL !== undefined) console.log(address.toString(16), seconds.toFixed(1));
    }
  });
});

test.run();
