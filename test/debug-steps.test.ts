// Many single steps by gdb end where an uninterrupted run to the same place does, in the same state.
// RR_TEST_GDB_STEPS: how many; 1500 when left out.
// Time limit: 300 s
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GdbSession } from './debug/gdb-session.ts';
import { lineOf, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: steps');
const steps = Number(process.env.RR_TEST_GDB_STEPS ?? 1500);

/** Steps, counts the arrivals at each address, and says where it is at last and by which arrival. */
const walk = [
  'from collections import Counter',
  'arrivals = Counter()',
  'place = 0',
  `for step in range(${steps}):`,
  '    before, place = place, int(gdb.parse_and_eval("$pc"))',
  '    gdb.execute("stepi", to_string=True)',
  '    arrivals[int(gdb.parse_and_eval("$pc"))] += 1',
  // A repeated instruction is arrived at once for each of its rounds, or once for all: one goes on to the next.
  'while int(gdb.parse_and_eval("$pc")) == place:',
  '    gdb.execute("stepi", to_string=True)',
  '    arrivals[int(gdb.parse_and_eval("$pc"))] += 1',
  'last = int(gdb.parse_and_eval("$pc"))',
  'print("PLACE", last, arrivals[last], len(arrivals))',
].join('\n');

function registers(said: string): string[] {
  const found = said.match(/^(r[a-z0-9]+|eflags|[cdefgs]s|[fg]s_base|k\d|mxcsr|xmm\d+) +\S.*$/gm) ?? [];
  return found.map((line) => line.replace(/ +/g, ' '));
}

test(`${steps} steps`, async () => {
  using mixed = recordGuest('mixed');
  const show = ['info registers', 'info registers xmm0 xmm1 xmm2', 'when', 'when-tid', 'backtrace'];
  const stepped = await mixed.gdb([
    'break round_',
    'ignore 1 20',
    'continue',
    'delete',
    `python exec(${JSON.stringify(walk)})`,
    ...show,
  ]);
  const [, place, count, addresses] = /^PLACE (\d+) (\d+) (\d+)$/m.exec(stepped) ?? [];
  assert.ok(place !== undefined, stepped);
  // It was no small loop.
  assert.ok(Number(addresses) > steps / 20, `${addresses} addresses in ${steps} steps`);
  const ran = await mixed.gdb([
    'break round_',
    'ignore 1 20',
    'continue',
    'delete',
    `break *${place}`,
    `ignore 2 ${Number(count) - 1}`,
    'continue',
    ...show,
  ]);
  assert.ok(registers(stepped).length > 20, stepped);
  assert.equal(registers(stepped), registers(ran));
  const frames = (said: string): string[] => said.match(/^#\d+ .*$/gm) ?? [];
  assert.equal(frames(stepped), frames(ran));
  const event = (said: string): string | undefined => /^Completed event: \d+$/m.exec(said)?.[0];
  assert.is(event(stepped), event(ran));
});

// Each one was two walks from the event on, of all of these instructions: twenty took forty times as long as the way there.
test('steps back from a place many instructions behind an event have a short way', async () => {
  using slices = recordGuest('slices', { args: ['100000'] });
  const said = await slices.gdb([
    'break work',
    'continue',
    'delete',
    'python import time',
    'python event = gdb.execute("when", to_string=True).split()[-1]',
    'python begin = time.monotonic()',
    'python gdb.execute(f"seek {event}+5000")',
    'python middle = time.monotonic()',
    'python for step in range(20): gdb.execute("reverse-stepi")',
    'python end = time.monotonic()',
    'when-position',
    'python print("SHORT" if end - middle < 10 * (middle - begin) else f"{middle - begin} s, {end - middle} s back")',
    'stepi 20',
    'when-position',
  ]);
  says(said, /^\d+\+4980$/m);
  says(said, /^SHORT$/m);
  says(said, /^\d+\+5000$/m);
});

/** How often the main thread of a process has waited. */
function waitsOf(pid: number): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}

// Each stop of a replayed process was a signal to it, since libuv has a handler for the end of gdb.
test('steps do not wake the main thread', async () => {
  using slices = recordGuest('slices', { args: ['100000'] });
  const session = new GdbSession(['-q', slices.trace]);
  try {
    for (const command of ['break work', 'continue', 'delete']) await session.ask(command, 100_000);
    const event = /^Completed event: (\d+)$/m.exec((await session.ask('when', 100_000)).text)![1];
    const before = waitsOf(session.pid);
    await session.ask(`seek ${event}+5000`, 100_000);
    const waits = waitsOf(session.pid) - before;
    const { text } = await session.ask('when-position', 100_000);
    says(text, new RegExp(`^${event}\\+5000$`, 'm'));
    assert.ok(waits < 1000, `${waits} waits`);
  } finally {
    await session.end();
  }
});

test('a signal within a line that is stepped over has its handler run, and the next line comes', async () => {
  using raises = recordGuest('raises');
  const said = await raises.gdb([
    `break ${lineOf('raises', 'getpid()')}`,
    'continue',
    'next',
    'next',
    'print received',
    'next',
    'print received',
  ]);
  says(said, /the next line\n\$1 = 14\n.*printf.*\n\$2 = 114$/m);
});

test.run();
