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

// As gdb does at each hit whose condition it evaluates itself.
for (const symbols of [
  ['step_in'],
  ['copy_here', 'behind_copy'],
  ['call_here', 'behind_call'],
  ['step_in', 'call_here'],
]) {
  test(`places at ${symbols.join(', ')} have short names, without breakpoints at the steps between them`, async () => {
    await withTarget([program], async (target) => {
      const addresses: number[] = [];
      for (const symbol of symbols) addresses.push(await addressOf(target, program, symbol));
      const { tid } = await target.state();
      const places: Visited[] = [];
      for (;;) {
        await target.setBreakpoints(at(addresses));
        const { kind } = await target.resume({ direction: 'forward', how: 'continue', tid });
        if (kind !== 'breakpoint') break;
        places.push(await visit(target, false));
        await target.setBreakpoints([]);
        await target.resume({ direction: 'forward', how: 'step', tid });
      }
      assert.ok(places.length >= 60, `${places.length} places`);
      const random = randomNumbers(addresses.length);
      for (const { position } of places) assert.ok(position.split('+').length <= 3, position);
      for (let journey = 0; journey < journeys; journey++) {
        const { position, state } = places[Math.floor(random() * places.length)]!;
        await target.seek({ kind: 'position', text: position });
        assert.is(await stateOf(target, 'all'), state, position);
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

test('a place within a segment, and a checkpoint, are of the process that runs there', async () => {
  await withTarget(['/bin/sh', '-c', '/bin/true; exit 3'], async (target) => {
    const { processes, firstProcess } = await target.recording();
    const child = processes.find(({ pid }) => pid !== firstProcess)!.pid;
    const stateHere = async () => `${(await target.state()).process} ${await stateOf(target, 'all')}`;
    await target.seek({ kind: 'process', pid: child });
    const checkpoint = await target.checkpoint();
    const atCheckpoint = await stateHere();
    const { tid } = await target.state();
    for (let step = 0; step < 5; step++) await target.resume({ direction: 'forward', how: 'step', tid });
    const { position, event } = await target.state();
    assert.match(position, /\+5$/);
    const behindSteps = await stateHere();
    const fromParent = async () => {
      await target.seek({ kind: 'process', pid: firstProcess });
      await target.seek({ kind: 'event', event });
      assert.is((await target.state()).process, firstProcess, 'an event is everybody’s who lives there');
    };
    await fromParent();
    await target.seek({ kind: 'position', text: position });
    assert.is(await stateHere(), behindSteps);
    await fromParent();
    await target.seek({ kind: 'checkpoint', number: checkpoint.number });
    assert.is(await stateHere(), atCheckpoint);
  });
});

test('a place that is not there leaves one where one was', async () => {
  await withTarget(['/bin/sh', '-c', '/bin/true; exit 3'], async (target) => {
    const { processes, firstProcess } = await target.recording();
    const child = processes.find(({ pid }) => pid !== firstProcess)!;
    await target.seek({ kind: 'process', pid: firstProcess });
    const { tid, event } = await target.state();
    await target.resume({ direction: 'forward', how: 'step', tid });
    const before = await stateOf(target, 'all');
    for (const text of [`${child.firstEvent + 1}+1000000000`, `${event}+0x1234#7`]) {
      const said = await target.seek({ kind: 'position', text }).then(
        () => 'nothing',
        (error: Error) => error.message,
      );
      assert.match(said, /^there is no position .*: the next event comes first$/);
      const { process, position } = await target.state();
      assert.equal({ process, position }, { process: firstProcess, position: `${event}+1` });
      assert.is(await stateOf(target, 'all'), before);
    }
  });
});

test('what is before the first program is its beginning: there is no memory to look at', async () => {
  await withTarget([program], async (target) => {
    const beginning = await target.state();
    const state = await stateOf(target, 'all');
    await target.resume({ direction: 'forward', how: 'step', tid: beginning.tid });
    for (const place of [{ kind: 'event', event: 1 } as const, { kind: 'position', text: '1+3' } as const]) {
      await target.seek(place);
      assert.is((await target.state()).position, beginning.position);
      assert.is(await stateOf(target, 'all'), state);
    }
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
