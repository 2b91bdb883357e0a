// Positions name a place as passes of an address: one comes to the same place whatever breakpoints stand there, and
// however often it is passed on the way.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Breakpoint, RemoteTarget } from '../engine/debug/target.ts';
import { addressOf, randomNumbers, stateOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: places');
const program = compile(fileURLToPath(new URL('guests-debug/places.c', import.meta.url)));
const mostPlaces = 70;
const journeys = 60;

interface Visited {
  readonly position: string;
  readonly state: string;
  /** The stop that led there was the next one behind the place before. */
  readonly isNext: boolean;
}

/** Agent bytecode of a constant. */
const constant = (value: number): Uint8Array => Uint8Array.of(0x22, value, 0x27);
const at = (addresses: readonly number[], ...conditions: Uint8Array[]): Breakpoint[] =>
  addresses.map((address) => ({ kind: 'software', address, length: 1, conditions }));

async function visit(target: RemoteTarget, isNext: boolean): Promise<Visited> {
  return { position: (await target.state()).position, state: await stateOf(target, 'all'), isNext };
}

/** Places where breakpoints stop a run forwards, and some steps behind them. */
async function gather(target: RemoteTarget, random: () => number): Promise<Visited[]> {
  const { tid } = await target.state();
  const places: Visited[] = [];
  for (let isNext = true; places.length < mostPlaces; ) {
    const stop = await target.resume({ direction: 'forward', how: 'continue', tid });
    if (stop.kind !== 'breakpoint') break;
    places.push(await visit(target, isNext));
    const steps = Math.floor(random() * 4);
    isNext = steps === 0;
    for (let step = 0; step < steps; step++) await target.resume({ direction: 'forward', how: 'step', tid });
    if (steps > 0) places.push(await visit(target, false));
  }
  return places;
}

for (const symbols of [
  ['step_in', 'copy_here', 'behind_copy', 'call_here', 'behind_call'],
  ['step_in'],
  ['copy_here'],
  ['call_here'],
  ['behind_call'],
]) {
  test(`with breakpoints at ${symbols.join(', ')}`, async () => {
    await withTarget([program], async (target) => {
      const addresses: number[] = [];
      for (const symbol of symbols) addresses.push(await addressOf(target, program, symbol));
      const { tid } = await target.state();
      const random = randomNumbers(addresses.length);
      await target.setBreakpoints(at(addresses));
      const places = await gather(target, random);
      assert.ok(places.length > 20, `${places.length} places`);
      const names = new Set(places.map(({ position }) => position));
      assert.is(names.size, places.length, 'each place has a name of its own');
      const variants = [at([]), at(addresses), at(addresses, constant(0)), at(addresses, constant(1))];
      for (let journey = 0; journey < journeys; journey++) {
        const index = Math.floor(random() * (places.length - 1));
        const { position, state } = places[index]!;
        await target.setBreakpoints(variants[journey % variants.length]!);
        await target.seek({ kind: 'position', text: position });
        assert.is(await stateOf(target, 'all'), state, position);
        const next = places[index + 1]!;
        if (!next.isNext) continue;
        await target.setBreakpoints(at(addresses));
        await target.resume({ direction: 'forward', how: 'continue', tid });
        assert.is(await stateOf(target, 'all'), next.state, `forward from ${position} to ${next.position}`);
        await target.resume({ direction: 'backward', how: 'continue', tid });
        assert.is(await stateOf(target, 'all'), state, `back from ${next.position} to ${position}`);
      }
    });
  });
}

test('behind the last task there is no place', async () => {
  await withTarget([program], async (target) => {
    const { lastEvent } = await target.recording();
    const { position } = await target.state();
    for (const event of [lastEvent, lastEvent - 1]) {
      const said = await target.seek({ kind: 'event', event }).then(
        () => 'nothing',
        (error: Error) => error.message,
      );
      assert.match(said, /^nothing runs any more behind event \d+: the last place is event \d+$/);
      assert.is((await target.state()).position, position);
    }
    await target.seek({ kind: 'event', event: lastEvent - 2 });
    assert.is((await target.state()).event, lastEvent - 2);
  });
});

test('a string instruction is one place, however much it copies', async () => {
  await withTarget([program], async (target) => {
    const address = await addressOf(target, program, 'copy_here');
    const { tid } = await target.state();
    await target.setBreakpoints(at([address]));
    let hits = 0;
    while ((await target.resume({ direction: 'forward', how: 'continue', tid })).kind === 'breakpoint') hits++;
    assert.is(hits, 60, 'once in each round');
  });
});

test.run();
