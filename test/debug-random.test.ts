// At random places of recordings: one instruction back and one forward comes to the same state; and going back to a
// breakpoint finds what a run forwards has found.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RemoteTarget } from '../engine/debug/target.ts';
import { addressOf, randomNumbers, stateOf, withTarget } from './debug/target.ts';
import { isWithinCall } from './debug/within-call.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: random places');
const guest = (name: string): string => compile(fileURLToPath(new URL(`guests-debug/${name}`, import.meta.url)));
const mostSteps = 40;
const mostHits = 300;

/** Goes so many steps behind an event, one instruction back and one forward: it is the same place. */
async function backAndForward(target: RemoteTarget, event: number, steps: number): Promise<void> {
  await target.seek({ kind: 'event', event });
  const { tid } = await target.state();
  let last = 'step';
  for (let step = 0; step < steps && last === 'step'; step++) {
    last = (await target.resume({ direction: 'forward', how: 'step', tid })).kind;
  }
  if (last !== 'step' || (await isWithinCall(target))) return;
  const here = await stateOf(target);
  const { position } = await target.state();
  const back = await target.resume({ direction: 'backward', how: 'step', tid });
  if (back.kind !== 'step') return;
  const before = await target.state();
  const places = `${position}, from ${before.position}`;
  assert.is.not(before.position, position);
  assert.is(back.tid, before.tid, places);
  if (before.tid !== tid) {
    // Its first instruction: before it there is its maker.
    assert.not.ok(
      before.tasks.some((task) => task.tid === tid),
      places,
    );
    return;
  }
  await target.resume({ direction: 'forward', how: 'step', tid });
  assert.is(await stateOf(target), here, places);
}

for (const [name, places] of [
  ['calls.c', 80],
  ['threads.c', 50],
  ['signals.c', 50],
] as const) {
  test(`one instruction back and forward: ${name}`, async () => {
    await withTarget([guest(name)], async (target) => {
      const random = randomNumbers(places);
      const { lastEvent } = await target.recording();
      const first = (await target.state()).event;
      for (let place = 0; place < places; place++) {
        const event = first + 1 + Math.floor(random() * (lastEvent - first - 2));
        await backAndForward(target, event, Math.floor(random() * mostSteps));
      }
    });
  });
}

for (const name of ['threads.c', 'signals.c']) {
  test(`one instruction back and forward at every event: ${name}`, async () => {
    await withTarget([guest(name)], async (target) => {
      const { lastEvent } = await target.recording();
      for (let { event } = await target.state(); event < lastEvent - 1; event++) await backAndForward(target, event, 0);
    });
  });
}

for (const [name, symbol, places] of [['threads.c', 'work', 25]] as const) {
  test(`back to a breakpoint is what a run forwards has met: ${name}`, async () => {
    const program = guest(name);
    await withTarget([program], async (target) => {
      const address = await addressOf(target, program, symbol);
      const { lastEvent } = await target.recording();
      const begin = await target.state();
      await target.setBreakpoints([{ kind: 'software', address, length: 1, conditions: [] }]);
      const run = { how: 'continue', tid: begin.tid } as const;
      const hits: { event: number; position: string; state: string }[] = [];
      while ((await target.resume({ direction: 'forward', ...run })).kind === 'breakpoint' && hits.length < mostHits) {
        const { event, position } = await target.state();
        hits.push({ event, position, state: await stateOf(target) });
      }
      assert.ok(hits.length > 1);
      const end = hits.length < mostHits ? lastEvent - 2 : hits.at(-1)!.event;
      const random = randomNumbers(places);
      for (let place = 0; place < places; place++) {
        const event = begin.event + 1 + Math.floor(random() * (end - begin.event));
        await target.seek({ kind: 'event', event });
        const stop = await target.resume({ direction: 'backward', ...run });
        const expected = hits.filter((hit) => hit.event < event).at(-1);
        const { position } = await target.state();
        if (expected === undefined) {
          assert.is(stop.kind, 'begin', `from event ${event}`);
        } else {
          assert.is(position, expected.position, `from event ${event}`);
          assert.is(await stateOf(target), expected.state, position);
        }
      }
    });
  });
}

test.run();
