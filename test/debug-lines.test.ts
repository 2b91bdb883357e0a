// Steps over ranges of addresses, as a debugger makes them for lines: they end where single steps do, and loops run.
// RR_TEST_SEED (1) says which ranges.
// Time limit: 300 s
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RemoteTarget } from '../engine/debug/target.ts';
import { lineOf, recordGuest, says } from './debug/recording.ts';
import { addressOf, randomNumbers, registerOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: lines');
const program = compile(fileURLToPath(new URL('guests-debug/lines.c', import.meta.url)));
const seed = Number(process.env.RR_TEST_SEED ?? 1);
const steps = 1200;
const ranges = 40;

interface Place {
  readonly rip: number;
  readonly registers: string;
}

async function placeOf(target: RemoteTarget, tid: number): Promise<Place> {
  const { general } = await target.registers(tid);
  return {
    rip: await registerOf(target, 'rip'),
    registers: Buffer.from(Uint32Array.from(general).buffer).toString('hex'),
  };
}

for (const name of ['nested', 'strings', 'jumps']) {
  test(`random ranges in ${name}, seed ${seed}`, async () => {
    await withTarget([program], async (target) => {
      const random = randomNumbers(seed);
      const below = (count: number): number => Math.floor(random() * count);
      const { tid } = await target.state();
      const address = await addressOf(target, program, name);
      await target.setBreakpoints([{ kind: 'software', address, length: 1, conditions: [] }]);
      await target.resume({ direction: 'forward', how: 'continue', tid });
      await target.setBreakpoints([]);
      const { position } = await target.state();
      const places = [await placeOf(target, tid)];
      while (places.length < steps) {
        await target.resume({ direction: 'forward', how: 'step', tid });
        places.push(await placeOf(target, tid));
      }
      await target.seek({ kind: 'position', text: position });
      let at = 0;
      let runs = 0;
      for (; runs < ranges; runs++) {
        const { rip } = places[at]!;
        const range = { start: rip - below(40), end: rip + 1 + below(40) };
        const next = places.findIndex((each, index) => index > at && (each.rip < range.start || each.rip >= range.end));
        if (next < 0) break;
        const stop = await target.resume({ direction: 'forward', how: 'step', tid, range });
        const text = `range ${runs}: ${range.start.toString(16)} to ${range.end.toString(16)} from ${rip.toString(16)}`;
        assert.equal(stop, { kind: 'step', tid }, text);
        const place = await placeOf(target, tid);
        assert.is(place.rip, places[next]!.rip, text);
        assert.is(place.registers, places[next]!.registers, text);
        if (runs % 4 === 0) {
          const named = (await target.state()).position;
          await target.seek({ kind: 'begin' });
          await target.seek({ kind: 'position', text: named });
          assert.equal(await placeOf(target, tid), place, `${text}, at ${named}`);
        }
        at = next;
      }
      assert.ok(runs > 10, `${runs} ranges`);
    });
  });
}

test('next over a line with a loop of millions runs', async () => {
  using lines = recordGuest('lines', { flags: ['-O1'] });
  const loop = lineOf('lines', '// the loop');
  const begun = performance.now();
  const said = await lines.gdb([
    `break ${loop}`,
    'continue',
    'print total',
    'next',
    'print total',
    'info line',
    'reverse-stepi',
    'stepi',
    'print total',
  ]);
  // By single steps it takes five minutes.
  assert.ok(performance.now() - begun < 60_000, `${performance.now() - begun} ms`);
  const totals = [...said.matchAll(/^\$\d = (-?\d+)$/gm)].map(([, value]) => Number(value));
  assert.is(totals.length, 3, said);
  assert.is(totals[1]! - totals[0]!, (3_000_000 / 8) * 28, said);
  assert.is(totals[2], totals[1], said);
  says(said, new RegExp(`^${lineOf('lines', '// behind it')}\\t`, 'm'));
});

test.run();
