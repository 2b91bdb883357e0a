// Places that Ctrl-C has left have no name at first: one comes back to each, however many lie before it.
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RemoteTarget } from '../engine/debug/target.ts';
import { stateOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: interrupts');
const guest = (name: string): string => compile(fileURLToPath(new URL(`guests-debug/${name}.c`, import.meta.url)));

/** Runs on, and stops at once. */
async function runBriefly(target: RemoteTarget, direction: 'forward' | 'backward'): Promise<string> {
  const { tid } = await target.state();
  const run = target.resume({ direction, how: 'continue', tid });
  await setTimeout(20);
  target.interrupt();
  return (await run).kind;
}

test('back from a place behind others without a name, and forward to it', async () => {
  await withTarget([guest('computes')], async (target) => {
    for (let stops = 0; stops < 4; stops++) {
      assert.is(await runBriefly(target, 'forward'), 'interrupted');
      if (stops === 0) continue;
      const { tid, position } = await target.state();
      const here = await stateOf(target, 'all');
      assert.equal(await target.resume({ direction: 'backward', how: 'step', tid }), { kind: 'step', tid });
      const before = await target.state();
      await target.resume({ direction: 'forward', how: 'step', tid });
      assert.is(await stateOf(target, 'all'), here, `${position}, from ${before.position}`);
    }
  });
});

test('checkpoints at such places, after many others', async () => {
  await withTarget([guest('computes')], async (target) => {
    const places: { readonly number: number; readonly state: string }[] = [];
    for (let stops = 0; stops < 9; stops++) {
      assert.is(await runBriefly(target, 'forward'), 'interrupted');
      places.push({ number: (await target.checkpoint()).number, state: await stateOf(target, 'all') });
    }
    for (const { number, state } of places) {
      await target.seek({ kind: 'checkpoint', number });
      assert.is(await stateOf(target, 'all'), state, `checkpoint ${number}`);
    }
  });
});

test('a run back that is interrupted stays where it began', async () => {
  await withTarget([guest('places')], async (target) => {
    await target.seek({ kind: 'end' });
    const { position, tid } = await target.state();
    const run = target.resume({ direction: 'backward', how: 'continue', tid });
    target.interrupt();
    const { kind } = await run;
    if (kind === 'begin') return;
    assert.is(kind, 'interrupted');
    assert.is((await target.state()).position, position);
  });
});

test.run();
