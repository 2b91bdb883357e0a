// At random places of real programs: one instruction back and one forward comes to the same state, and going back to a
// breakpoint finds what a run forwards has found. RR_TEST_PLACES (12) says how many in all, RR_TEST_SEED (1) which.
// Time limit: 600 s
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RemoteTarget } from '../engine/debug/target.ts';
import { randomNumbers, registerOf, stateOf, withTarget } from './debug/target.ts';
import { isWithinCall } from './debug/within-call.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: random places of programs');
const places = Number(process.env.RR_TEST_PLACES ?? 12);
const seed = Number(process.env.RR_TEST_SEED ?? 1);
const guest = (name: string): string => compile(fileURLToPath(new URL(`guests-debug/${name}`, import.meta.url)));
const mostSteps = 60;
const mostHits = 300;
/** Of the places, one in so many is compared with all of its memory, and is gone back from to a breakpoint. */
const thorough = 10;

interface Subject {
  readonly name: string;
  readonly command: () => readonly string[];
  /** Its program's path ends so; without: the first one. */
  readonly program?: string;
}

const redis = 'redis-server --port 0 --save "" >/dev/null & sleep 1; kill $!; wait';
const subjects: readonly Subject[] = [
  { name: 'python3', command: () => ['/usr/bin/python3', '-c', 'import json; print(json.dumps([1, {"a": 2.5}]))'] },
  { name: 'threads of C++', command: () => [guest('workers.cc')] },
  { name: 'a computing guest', command: () => [guest('slices.c')] },
  { name: 'gcc', command: () => ['gcc', '-O1', '-S', '-o', '/dev/null', guestSource('calls.c')], program: '/cc1' },
  { name: 'redis', command: () => ['bash', '-c', redis], program: 'redis-server' },
  { name: 'node', command: () => ['node', '-e', 'console.log([3, 1, 2].sort().join())'] },
];

function guestSource(name: string): string {
  return fileURLToPath(new URL(`guests-debug/${name}`, import.meta.url));
}

/** The events of the process that is looked at: the first behind its start, and the last. */
async function window(target: RemoteTarget, program: string | undefined): Promise<readonly [number, number]> {
  const { processes } = await target.recording();
  const wanted = processes.find(({ executed, commandName, programs }) => {
    const names = [executed, commandName, ...programs.map(({ path }) => path)];
    return program === undefined || names.some((name) => name.endsWith(program));
  });
  assert.ok(wanted !== undefined, `${program} was not recorded`);
  await target.seek({ kind: 'process', pid: wanted.pid });
  return [(await target.state()).event + 1, wanted.lastEvent - 2];
}

/** Goes so many steps behind an event, one instruction back and one forward. Gives the address there; undefined: no place. */
async function backAndForward(
  target: RemoteTarget,
  event: number,
  steps: number,
  memory: 'stack' | 'all',
): Promise<number | undefined> {
  await target.seek({ kind: 'event', event });
  const { tid } = await target.state();
  for (let step = 0; step < steps; step++) {
    if ((await target.resume({ direction: 'forward', how: 'step', tid })).kind !== 'step') return undefined;
  }
  if (await isWithinCall(target)) return undefined;
  const here = await stateOf(target, memory);
  const { position } = await target.state();
  const address = await registerOf(target, 'rip');
  const back = await target.resume({ direction: 'backward', how: 'step', tid });
  if (back.kind !== 'step') return undefined;
  const before = await target.state();
  const what = `${position}, from ${before.position}`;
  assert.is.not(before.position, position);
  if (before.tid !== tid) return undefined;
  await target.resume({ direction: 'forward', how: 'step', tid });
  assert.is(await stateOf(target, memory), here, what);
  return address;
}

interface Hit {
  readonly event: number;
  readonly position: string;
  readonly state: string;
}

/** All that a run forwards meets from the beginning, or the first of them. */
async function hitsOf(target: RemoteTarget, first: number): Promise<readonly Hit[]> {
  await target.seek({ kind: 'event', event: first });
  const { tid } = await target.state();
  const hits: Hit[] = [];
  while (hits.length < mostHits) {
    if ((await target.resume({ direction: 'forward', how: 'continue', tid })).kind !== 'breakpoint') break;
    const { event, position } = await target.state();
    hits.push({ event, position, state: await stateOf(target) });
  }
  return hits;
}

async function backToHits(
  target: RemoteTarget,
  [first, last]: readonly [number, number],
  addresses: readonly number[],
  random: () => number,
  count: number,
): Promise<void> {
  await target.setBreakpoints(addresses.map((address) => ({ kind: 'software', address, length: 1, conditions: [] })));
  try {
    const hits = await hitsOf(target, first);
    const end = hits.length < mostHits ? last : hits.at(-1)!.event;
    for (let place = 0; place < count && end > first; place++) {
      const event = first + Math.floor(random() * (end - first));
      const expected = hits.filter((hit) => hit.event < event).at(-1);
      if (expected === undefined) continue;
      await target.seek({ kind: 'event', event });
      const { tid } = await target.state();
      const stop = await target.resume({ direction: 'backward', how: 'continue', tid });
      const { position } = await target.state();
      const what = `from event ${event} to ${position} by ${addresses.map((each) => each.toString(16)).join()}`;
      assert.is(stop.kind, 'breakpoint', what);
      if (!position.includes('?')) assert.is(position, expected.position, what);
      assert.is(await stateOf(target), expected.state, what);
    }
  } finally {
    await target.setBreakpoints([]);
  }
}

for (const [index, { name, command, program }] of subjects.entries()) {
  const share = Math.floor((places + index) / subjects.length);
  if (share === 0) continue;
  test(`${share} places of ${name}`, async () => {
    await withTarget(command(), async (target) => {
      const random = randomNumbers(seed * 1000 + index);
      const [first, last] = await window(target, program);
      let addresses: number[] = [];
      for (let place = 0; place < share; place++) {
        const event = first + Math.floor(random() * (last - first));
        const isThorough = place % thorough === 0;
        const steps = Math.floor(random() * mostSteps);
        const address = await backAndForward(target, event, steps, isThorough ? 'all' : 'stack');
        if (address !== undefined) addresses = [...new Set([...addresses, address])].slice(-3);
        if (isThorough && addresses.length > 0) await backToHits(target, [first, last], addresses, random, 5);
      }
    });
  });
}

test.run();
