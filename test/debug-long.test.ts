// In a long run without events one goes back from places that were kept on the way.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openRemoteTarget } from '../engine/debug/remote-target.ts';
import type { Breakpoint, RemoteTarget, Stop } from '../engine/debug/target.ts';
import { addressOf, registerOf, stateOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: long runs without events');
const program = compile(fileURLToPath(new URL('guests-debug/long.c', import.meta.url)));

const at = (...addresses: number[]): Breakpoint[] =>
  addresses.map((address) => ({ kind: 'software', address, length: 1, conditions: [] }));

async function go(target: RemoteTarget, direction: 'forward' | 'backward', how: 'continue' | 'step'): Promise<Stop> {
  return target.resume({ direction, how, tid: (await target.state()).tid });
}

async function storedAt(target: RemoteTarget, address: number): Promise<number> {
  return Buffer.from(await target.readMemory(address, 8)).readInt32LE(0);
}

test('stores, steps and breakpoints, from the end of a long run back to its beginning', async () => {
  await withTarget([program], async (target, directory) => {
    const early = await addressOf(target, program, 'early');
    const finished = await addressOf(target, program, 'finished');
    const stored = (await addressOf(target, program, 'page')) + 4096;
    await target.setBreakpoints(at(finished));
    await go(target, 'forward', 'continue');
    const end = await stateOf(target);
    const endPosition = (await target.state()).position;
    // The breakpoint was there from the beginning.
    assert.not.match(endPosition, /\?/);

    await go(target, 'backward', 'step');
    await go(target, 'backward', 'step');
    await go(target, 'forward', 'step');
    await go(target, 'forward', 'step');
    assert.is(await stateOf(target), end);

    await target.setBreakpoints([{ kind: 'write', address: stored, length: 8, conditions: [] }]);
    const stores: { position: string; state: string }[] = [];
    for (let round = 12; round > 0; round--) {
      assert.is((await go(target, 'backward', 'continue')).kind, 'watchpoint');
      assert.is(await storedAt(target, stored), round - 1);
      stores.push({ position: (await target.state()).position, state: await stateOf(target) });
      if (round === 12) {
        const before = await stateOf(target);
        await go(target, 'backward', 'step');
        await go(target, 'forward', 'step');
        assert.is(await stateOf(target), before);
      }
    }
    assert.ok(stores.some(({ position }) => position.includes('?')));
    // They are found again by their texts, in any order.
    for (const index of [0, 11, 6]) {
      const { position, state } = stores[index]!;
      await target.seek({ kind: 'position', text: position });
      assert.is(await stateOf(target), state, position);
    }

    // A name that another session understands.
    const named = await target.namePosition();
    assert.not.match(named, /\?/);
    assert.is(await stateOf(target), stores[6]!.state);
    const other = await openRemoteTarget({ directory, quiet: true, cpuUnbound: false });
    try {
      await other.target.seek({ kind: 'position', text: named });
      assert.is(await stateOf(other.target), stores[6]!.state, named);
    } finally {
      await other.close();
    }

    // Over all that was kept on the way.
    await target.seek({ kind: 'position', text: endPosition });
    assert.is(await stateOf(target), end);
    await target.setBreakpoints(at(early));
    for (const number of [2, 1]) {
      assert.is((await go(target, 'backward', 'continue')).kind, 'breakpoint');
      assert.is(await registerOf(target, 'rdi'), number);
    }
    assert.is((await go(target, 'backward', 'continue')).kind, 'begin');
  });
});

test('stores that were met on the way forwards are met from behind, and again', async () => {
  await withTarget([program], async (target) => {
    const stored = (await addressOf(target, program, 'page')) + 4096;
    await target.setBreakpoints([{ kind: 'write', address: stored, length: 8, conditions: [] }]);
    const met = async (direction: 'forward' | 'backward', value: number): Promise<string> => {
      assert.is((await go(target, direction, 'continue')).kind, 'watchpoint');
      assert.is(await storedAt(target, stored), value);
      return stateOf(target);
    };
    const states = new Map<number, string>();
    for (let round = 1; round <= 12; round++) states.set(round, await met('forward', round));
    const before = new Map<number, string>();
    for (let round = 12; round >= 1; round--) before.set(round, await met('backward', round - 1));
    for (let round = 1; round <= 12; round++) assert.is(await met('forward', round), states.get(round));
    for (let round = 12; round >= 6; round--) {
      assert.is(await met('backward', round - 1), before.get(round));
      await go(target, 'forward', 'step');
      assert.is(await stateOf(target), states.get(round));
      await go(target, 'backward', 'step');
      assert.is(await stateOf(target), before.get(round));
    }
  });
});

test.run();
