// Places where nothing of ours stands in the code: their names are those that instructions of ours would give, and lead back.
// Time limit: 300 s
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RemoteTarget } from '../engine/debug/target.ts';
import { addressOf, stateOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

process.env.RR_KEEP_CODE = '1';
const test = suite('debug: kept places');
const program = compile(fileURLToPath(new URL('guests-debug/places.c', import.meta.url)));

async function setAt(target: RemoteTarget, addresses: readonly number[]): Promise<void> {
  await target.setBreakpoints(addresses.map((address) => ({ kind: 'software', address, length: 1, conditions: [] })));
}

// There are debug registers for three of a page.
for (const symbols of [['step_in'], ['step_in', 'copy_here', 'behind_copy', 'call_here', 'behind_call']]) {
  test(`breakpoints at ${symbols.join(', ')}`, async () => {
    await withTarget([program], async (target) => {
      const addresses: number[] = [];
      for (const symbol of symbols) addresses.push(await addressOf(target, program, symbol));
      const { tid } = await target.state();
      await setAt(target, addresses);
      const places: { readonly position: string; readonly state: string }[] = [];
      while (places.length < 45) {
        const stop = await target.resume({ direction: 'forward', how: 'continue', tid });
        assert.is(stop.kind, 'breakpoint');
        places.push({ position: (await target.state()).position, state: await stateOf(target, 'all') });
      }
      assert.is(new Set(places.map(({ position }) => position)).size, places.length);
      for (const armed of [[], addresses]) {
        await setAt(target, armed);
        for (const index of [3, 44, 20, 31, 43]) {
          const { position, state } = places[index]!;
          await target.seek({ kind: 'position', text: position });
          assert.is(await stateOf(target, 'all'), state, position);
        }
      }
      for (const index of [42, 41, 40]) {
        await target.resume({ direction: 'backward', how: 'continue', tid });
        assert.is(await stateOf(target, 'all'), places[index]!.state, places[index]!.position);
      }
    });
  });
}

test.run();
