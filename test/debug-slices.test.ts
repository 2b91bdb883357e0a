// Forced stops are places in mid-code: one goes back from them, and breakpoints at their very address stop there once.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { opcodes } from '../engine/debug/breakpoints/agent-expression.ts';
import { decodeAt } from '../engine/debug/replay/predecessors.ts';
import type { RemoteTarget } from '../engine/debug/target.ts';
import { eventKinds } from '../engine/generated/schema.ts';
import { instructionKinds } from '../engine/replay/primitives.ts';
import { TraceReader } from '../engine/trace/reader.ts';
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
): Promise<void> {
  let isStopped = false;
  await withTarget([program, `${rounds}`], async (target, directory) => {
    isStopped = forcedStops(directory).length > 1;
    if (isStopped) await check(target, directory);
  });
  if (isStopped) return;
  assert.ok(rounds < 1_000_000_000, 'threads that compute are stopped');
  await withStops(2 * rounds, check);
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
