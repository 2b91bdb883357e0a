// A breakpoint that is met a million times costs no stop at each when one goes back over it.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Breakpoint, RemoteTarget } from '../engine/debug/target.ts';
import { lineOf, recordGuest, says } from './debug/recording.ts';
import { addressOf, registerOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: many hits');
const program = compile(fileURLToPath(new URL('guests-debug/hits.c', import.meta.url)));
const stopEach = 30_000;

const at = (...addresses: number[]): Breakpoint[] =>
  addresses.map((address) => ({ kind: 'software', address, length: 1, conditions: [] }));

async function back(target: RemoteTarget, count: number): Promise<[address: number, round: number][]> {
  const { tid } = await target.state();
  const found: [number, number][] = [];
  for (let stops = 0; stops < count; stops++) {
    const stop = await target.resume({ direction: 'backward', how: 'continue', tid });
    assert.is(stop.kind, 'breakpoint');
    found.push([await registerOf(target, 'rip'), await registerOf(target, 'rdi')]);
  }
  return found;
}

test('back over a million hits', async () => {
  await withTarget([program], async (target) => {
    const touch = await addressOf(target, program, 'touch');
    const rare = await addressOf(target, program, 'rare');
    const after = await addressOf(target, program, 'after');
    await target.setBreakpoints(at(after));
    const { tid } = await target.state();
    assert.is((await target.resume({ direction: 'forward', how: 'continue', tid })).kind, 'breakpoint');
    const { position } = await target.state();

    const begun = performance.now();
    await target.setBreakpoints(at(touch));
    assert.equal(await back(target, 3), [
      [touch, 1_000_000],
      [touch, 999_999],
      [touch, 999_998],
    ]);
    // By stops it takes forty seconds on a machine that does nothing else.
    assert.ok(performance.now() - begun < stopEach, `${performance.now() - begun} ms`);

    await target.seek({ kind: 'position', text: position });
    await target.setBreakpoints(at(touch, rare));
    assert.equal(await back(target, 3), [
      [rare, 1_000_000],
      [touch, 1_000_000],
      [touch, 999_999],
    ]);

    // From one of them, and over those between two others.
    await target.setBreakpoints(at(rare));
    assert.equal(await back(target, 1), [[rare, 750_000]]);
    await target.setBreakpoints(at(touch));
    assert.equal(await back(target, 2), [
      [touch, 750_000],
      [touch, 749_999],
    ]);
  });
});

test('what is met for the so-manieth time has a name of as many legs as what is met first', async () => {
  using stores = recordGuest('stores');
  const behind = lineOf('stores', 'behind the store');
  const begin = ['break main', 'continue', `break ${behind}`];
  const times = 30;
  const met = await stores.gdb([...begin, ...Array.from({ length: times }, () => 'continue'), 'when-position']);
  const [name = ''] = /^\d+\+0x[0-9a-f]+#1\+0x[0-9a-f]+#30$/m.exec(met) ?? [];
  assert.ok(name !== '', met);
  // One stop on the way is a step away from where it was armed; another breakpoint comes and goes.
  const mixed = await stores.gdb([
    ...begin,
    ...Array.from({ length: 10 }, () => 'continue'),
    'stepi',
    'tbreak use',
    'continue',
    'disable 2',
    'stepi',
    'enable 2',
    ...Array.from({ length: times - 10 }, () => 'continue'),
    'print value',
    'when-position',
    `seek ${name}`,
    'print value',
    'reverse-stepi',
    'print value',
  ]);
  says(mixed, /^\$1 = 30$/m);
  says(mixed, /^\$2 = 30$/m);
  says(mixed, /^\$3 = 29$/m);
  const named = /^(\d+\+0x.*)$/m.exec(mixed)?.[1] ?? '';
  assert.ok(named.split('#').length <= 5, named);
  const there = await stores.gdb([`seek ${named}`, 'print value', 'print others']);
  says(there, '$1 = 30');
  says(there, `$2 = ${(29 * 30) / 2}`);
});

test.run();
