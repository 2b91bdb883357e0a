// A program that sets the trap flag, to and fro: a step of the debugger's takes nothing of it away, and leaves nothing.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RemoteTarget } from '../engine/debug/target.ts';
import { guestSource } from './debug/recording.ts';
import { addressOf, registerOf, stateOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: the trap flag');
const program = compile(guestSource('steps-itself'), '-O0');
const trapFlag = 0x100;
/** Of the eight traps: where each comes, and where its handler goes back to. */
const placesWithFlag = 16;

interface Visited {
  readonly state: string;
  readonly isItself: boolean;
}

async function visited(target: RemoteTarget): Promise<Visited> {
  const isItself = ((await registerOf(target, 'eflags')) & trapFlag) !== 0;
  return { state: await stateOf(target), isItself };
}

/** Steps until the program is there, or very often. */
async function steps(
  target: RemoteTarget,
  direction: 'forward' | 'backward',
  isThere: (place: Visited) => boolean,
): Promise<Visited[]> {
  const places = [await visited(target)];
  while (!isThere(places.at(-1)!) && places.length < 1000) {
    await target.resume({ direction, how: 'step', tid: (await target.state()).tid });
    places.push(await visited(target));
  }
  return places;
}

for (const options of [[], ['--patch-after', '1'], ['-n']]) {
  test(`each step, and back again: record ${options.join(' ')}`, async () => {
    await withTarget([...options, program], async (target) => {
      const stepped = await addressOf(target, program, 'stepped');
      await target.setBreakpoints([{ kind: 'software', address: stepped, length: 1, conditions: [] }]);
      const { tid } = await target.state();
      assert.is((await target.resume({ direction: 'forward', how: 'continue', tid })).kind, 'breakpoint');
      await target.setBreakpoints([]);
      let begun = 0;
      const there = await steps(target, 'forward', ({ isItself }) => {
        if (isItself) begun++;
        return begun === placesWithFlag;
      });
      assert.is(begun, placesWithFlag);
      const first = there[0]!.state;
      const back = await steps(target, 'backward', ({ state }) => state === first);
      assert.equal(back.reverse(), there);
      // What is left of the recording is as it was.
      let kind = 'signal';
      while (kind === 'signal') kind = (await target.resume({ direction: 'forward', how: 'continue', tid })).kind;
      assert.is(kind, 'exit');
    });
  });
}

test.run();
