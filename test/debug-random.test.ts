// At random places of recordings: one instruction back and one forward comes to the same state; and going back to a
// breakpoint finds what a run forwards has found.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openRemoteTarget } from '../engine/debug/remote-target.ts';
import type { RemoteTarget } from '../engine/debug/target.ts';
import { registerIndex } from '../engine/generated/schema.ts';
import { runChild } from './harness/child.ts';
import { compile } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('debug: random places');
const guest = (name: string): string => compile(fileURLToPath(new URL(`guests-debug/${name}`, import.meta.url)));
const stackBytes = 4096;
const mostSteps = 40;
const mostHits = 300;

/** Numbers from 0 to 1, the same in each run (mulberry32, as published by Tommy Ettinger). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function withTarget(command: readonly string[], body: (target: RemoteTarget) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rr-random-'));
  const directory = join(folder, 'trace');
  try {
    const words = [rrCommand, 'record', '-o', directory, '--store', join(folder, 'store'), ...command];
    const record = await runChild(words, { scratch: folder, cwd: folder, label: 'record', limitSeconds: 120 });
    assert.is(record.signal, undefined, 'the recording');
    const { target, close } = await openRemoteTarget({ directory, quiet: true, cpuUnbound: false });
    try {
      await body(target);
    } finally {
      await close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Registers and the stack of the task that stands at the place. */
async function stateOf(target: RemoteTarget): Promise<string> {
  const { tid } = await target.state();
  const { general, xsave } = await target.registers(tid);
  const rsp = general[2 * registerIndex.rsp]! + general[2 * registerIndex.rsp + 1]! * 2 ** 32;
  const rip = general[2 * registerIndex.rip]! + general[2 * registerIndex.rip + 1]! * 2 ** 32;
  const stack = await target.readMemory(rsp - 128, stackBytes);
  const words = Uint32Array.from(general);
  // A call's number is of no matter where it is over.
  words.fill(0, 2 * registerIndex.orig_rax, 2 * registerIndex.orig_rax + 2);
  // A fault leaves the resume flag.
  words[2 * registerIndex.eflags]! &= ~0x1_0000;
  // Whether the processor knows that a component has its first values (XSTATE_BV) is of no matter, either.
  xsave.fill(0, 512, 520);
  const sum = createHash('sha256').update(new Uint8Array(words.buffer)).update(xsave).update(stack);
  return `${tid} 0x${rip.toString(16)} ${sum.digest('hex').slice(0, 16)}`;
}

/** Whether the task stands between the entry and the end of a system call, where no step ends. */
async function isWithinCall(target: RemoteTarget): Promise<boolean> {
  const { general } = await target.registers((await target.state()).tid);
  const noSuchCall = -38;
  const isInCall = (general[2 * registerIndex.orig_rax]! | 0) >= 0;
  return isInCall && (general[2 * registerIndex.rax]! | 0) === noSuchCall;
}

/** Where a function of the guest is; the target stands at the guest's beginning. */
async function addressOf(target: RemoteTarget, program: string, name: string): Promise<number> {
  const line = spawnSync('nm', [program], { encoding: 'utf8' })
    .stdout.split('\n')
    .find((each) => each.endsWith(` ${name}`));
  assert.ok(line !== undefined, `${name} in ${program}`);
  const { process } = await target.state();
  const maps = Buffer.from((await target.processFile(`/proc/${process}/maps`)) ?? '').toString();
  return Number.parseInt(maps, 16) + Number.parseInt(line!, 16);
}

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
