// Catchpoints and signals, in both directions: a run back stops where the run forwards has.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RemoteTarget, Stop } from '../engine/debug/target.ts';
import { recordGuest, says } from './debug/recording.ts';
import { addressOf, stateOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: catchpoints and signals');
const guest = (name: string): string => compile(fileURLToPath(new URL(`guests-debug/${name}.c`, import.meta.url)));
const most = 40;

interface Halted {
  readonly stop: Stop;
  readonly state: string;
  readonly position: string;
}

/** Continues until an end, or so often. */
async function stopsOf(target: RemoteTarget, direction: 'forward' | 'backward', count = most): Promise<Halted[]> {
  const { tid } = await target.state();
  const stops: Halted[] = [];
  while (stops.length < count) {
    const stop = await target.resume({ direction, how: 'continue', tid });
    if (stop.kind === 'begin' || stop.kind === 'exit' || stop.kind === 'end') break;
    stops.push({ stop, state: await stateOf(target), position: (await target.state()).position });
  }
  return stops;
}

function textOf(stops: readonly Halted[]): string {
  return stops.map(({ stop }) => JSON.stringify(stop)).join('\n');
}

/** Back from the last of them: each is met again, in the other order. */
async function meetAgain(target: RemoteTarget, forward: readonly Halted[]): Promise<void> {
  await target.seek({ kind: 'position', text: forward.at(-1)!.position });
  const back = await stopsOf(target, 'backward', forward.length - 1);
  const expected = forward.slice(0, -1).reverse();
  assert.is(textOf(back), textOf(expected));
  for (const [index, { stop, state, position }] of back.entries()) {
    // At the entry of a call one that is met forwards stands behind the instruction.
    if (stop.kind === 'syscall' && stop.isEntry) continue;
    assert.is(state, expected[index]!.state, `${position}, ${expected[index]!.position} forwards`);
  }
  assert.is(textOf(await stopsOf(target, 'forward', forward.length - 1)), textOf(forward.slice(1)), 'forward again');
}

test('signals', async () => {
  await withTarget([guest('signals')], async (target) => {
    const forward = await stopsOf(target, 'forward');
    assert.equal(
      forward.map(({ stop }) => stop.kind === 'signal' && stop.signal),
      [10, 10, 11],
    );
    await meetAgain(target, forward);
  });
});

for (const [name, symbols] of [
  ['places', []],
  ['places', ['call_here', 'behind_call']],
  ['signals', []],
  ['threads', []],
] as const) {
  test(`every system call, and breakpoints at ${symbols.join(', ') || 'none'}: ${name}`, async () => {
    const program = guest(name);
    await withTarget([program], async (target) => {
      for (const symbol of symbols) {
        const address = await addressOf(target, program, symbol);
        await target.setBreakpoints([{ kind: 'software', address, length: 1, conditions: [] }]);
      }
      await target.catchSyscalls([]);
      const forward = await stopsOf(target, 'forward');
      assert.ok(forward.length > 10, `${forward.length} stops`);
      const entries = forward.filter(({ stop }) => stop.kind === 'syscall' && stop.isEntry);
      const ends = forward.filter(({ stop }) => stop.kind === 'syscall' && !stop.isEntry);
      assert.ok(Math.abs(entries.length - ends.length) <= 5, `${entries.length} entries, ${ends.length} ends`);
      await meetAgain(target, forward);
    });
  });
}

test('gdb is told of each call once, there and back', async () => {
  using calls = recordGuest('calls');
  const said = await calls.gdb([
    'catch syscall write',
    'continue',
    'continue',
    'reverse-continue',
    'reverse-continue',
    'continue',
    'continue',
  ]);
  says(said, /^Catchpoint 1 \(call to syscall write\)/m);
  const stops = said.split('\n').flatMap((line) => /\((call to|returned from) syscall write\)/.exec(line)?.[1] ?? []);
  assert.equal(stops, ['call to', 'returned from', 'call to', 'call to', 'returned from'], said);
});

test('a step back from the entry of a call, which shows the registers behind its instruction', async () => {
  using calls = recordGuest('calls');
  const walk = ['reverse-stepi', 'x/i $pc', 'stepi', 'x/i $pc', 'stepi'];
  const said = await calls.gdb(['break main', 'continue', 'catch syscall brk', 'continue', ...walk]);
  assert.not.match(said, 'too far');
  const instructions = said.split('\n').flatMap((line) => /^=> .*:\t(\S+)/.exec(line)?.[1] ?? []);
  assert.equal(instructions, ['mov', 'syscall'], said);
  assert.equal([...said.matchAll(/\(call to syscall brk\)/g)].length, 2, said);
});

test.run();
