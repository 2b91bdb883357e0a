// Places that Ctrl-C has left have no name at first: one comes back to each, however many lie before it.

import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Client, Request } from '../engine/debug/replay/client.ts';
import { type Kept, KeptCheckpoints } from '../engine/debug/replay/kept-checkpoints.ts';
import { positionText } from '../engine/debug/replay/position.ts';
import { ReplayTarget } from '../engine/debug/replay/replay-target.ts';
import type { RemoteTarget, Stop, TargetState, TaskRegisters } from '../engine/debug/target.ts';
import { registerIndex } from '../engine/generated/schema.ts';
import { addressOf, stateOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: interrupts');
const guest = (name: string): string => compile(fileURLToPath(new URL(`guests-debug/${name}.c`, import.meta.url)));

/** Runs on, and stops at once. */
async function runBriefly(target: RemoteTarget, direction: 'forward' | 'backward'): Promise<string> {
  const { tid } = await target.state();
  const run = target.resume({ direction, how: 'continue', tid });
  await setTimeout(20);
  target.interrupt();
  return (await run).kind;
}

test('back from a place behind others without a name, and forward to it', async () => {
  await withTarget([guest('computes')], async (target) => {
    for (let stops = 0; stops < 4; stops++) {
      assert.is(await runBriefly(target, 'forward'), 'interrupted');
      if (stops === 0) continue;
      const { tid, position } = await target.state();
      const here = await stateOf(target, 'all');
      assert.equal(await target.resume({ direction: 'backward', how: 'step', tid }), { kind: 'step', tid });
      const before = await target.state();
      await target.resume({ direction: 'forward', how: 'step', tid });
      assert.is(await stateOf(target, 'all'), here, `${position}, from ${before.position}`);
    }
  });
});

test('checkpoints at such places, after many others', async () => {
  await withTarget([guest('computes')], async (target) => {
    const places: { readonly number: number; readonly state: string }[] = [];
    for (let stops = 0; stops < 9; stops++) {
      assert.is(await runBriefly(target, 'forward'), 'interrupted');
      places.push({ number: (await target.checkpoint()).number, state: await stateOf(target, 'all') });
    }
    for (const { number, state } of places) {
      await target.seek({ kind: 'checkpoint', number });
      assert.is(await stateOf(target, 'all'), state, `checkpoint ${number}`);
    }
  });
});

test('a place behind calls that were recorded without a stop, which are no events, gets a name that leads there', async () => {
  const calling = guest('calls-then-computes');
  await withTarget([calling], async (target) => {
    const computes = await addressOf(target, calling, 'computes');
    do assert.is(await runBriefly(target, 'forward'), 'interrupted');
    while ((await target.readMemory(computes, 1))[0] !== 1);
    const { position } = await target.state();
    assert.match(position, /\?/, JSON.stringify(await target.state()));
    const here = await stateOf(target, 'all');
    const named = await target.namePosition();
    assert.match(named, /#\d+$/);
    await target.seek({ kind: 'begin' });
    await target.seek({ kind: 'position', text: named });
    assert.is(await stateOf(target, 'all'), here, `${position} as ${named}`);
  });
});

test('a run back that is interrupted stays where it began', async () => {
  await withTarget([guest('places')], async (target) => {
    await target.seek({ kind: 'end' });
    const { position, tid } = await target.state();
    const run = target.resume({ direction: 'backward', how: 'continue', tid });
    target.interrupt();
    const { kind } = await run;
    if (kind === 'begin') return;
    assert.is(kind, 'interrupted');
    assert.is((await target.state()).position, position);
  });
});

/** Does requests one after the other in this thread. An interrupt comes at the so-manieth question for one. */
class Script implements Client {
  readonly answers: unknown[] = [];
  readonly #requests: Request[];
  readonly #interruptAt: number;
  #questions = 0;
  #isAcknowledged = false;

  constructor(requests: readonly Omit<Request, 'id'>[], interruptAt: number) {
    this.#requests = requests.map((request, index) => ({ ...request, id: index + 1 }));
    this.#interruptAt = interruptAt;
  }

  /** The interrupt has come, and been seen. */
  get wasInterrupted(): boolean {
    return this.#isAcknowledged;
  }

  next(): Request {
    return this.#requests[this.answers.length] ?? { id: 0, method: 'close', args: [] };
  }
  reply(id: number, result: unknown): void {
    if (id > 0) this.answers.push(result);
  }
  refuse(_id: number, error: unknown): void {
    this.answers.push(error);
  }
  isInterrupted(): boolean {
    // The last but one is what is interrupted.
    if (this.answers.length !== this.#requests.length - 2 || this.#isAcknowledged) return false;
    return this.#questions++ >= this.#interruptAt;
  }
  acknowledge(): void {
    if (this.#questions > this.#interruptAt) this.#isAcknowledged = true;
  }
}

test('wherever an interrupt finds a command that goes back, it ends where it began or where it was to end', async () => {
  await withTarget([guest('calls')], async (target, directory) => {
    const { tid } = await target.state();
    for (let interruptAt = 0; ; interruptAt++) {
      const script = new Script(
        [
          { method: 'seek', args: [{ kind: 'end' }] },
          { method: 'state', args: [] },
          { method: 'resume', args: [{ direction: 'backward', how: 'step', tid }] },
          { method: 'state', args: [] },
        ],
        interruptAt,
      );
      new ReplayTarget({ directory, quiet: true, client: script }).serve();
      const [, before, stop, after] = script.answers as [undefined, TargetState, Stop, TargetState];
      if (!script.wasInterrupted) {
        assert.is(stop.kind, 'step');
        assert.is.not(after.position, before.position);
        assert.ok(interruptAt > 2, `${interruptAt} questions`);
        break;
      }
      if (stop.kind === 'interrupted') assert.is(after.position, before.position, `question ${interruptAt}`);
      else assert.is(stop.kind, 'step', `question ${interruptAt}: ${stop}`);
    }
  });
});

/** Does requests one after the other in this thread, each knowing what the ones before have given. */
class Dialogue implements Client {
  readonly #requests: Generator<Omit<Request, 'id'>, void, unknown>;
  #answer: unknown;

  constructor(requests: Generator<Omit<Request, 'id'>, void, unknown>) {
    this.#requests = requests;
  }

  next(): Request {
    const { done, value } = this.#requests.next(this.#answer);
    return done === true ? { id: 0, method: 'close', args: [] } : { id: 1, ...value! };
  }
  reply(_id: number, result: unknown): void {
    this.#answer = result;
  }
  refuse(_id: number, error: unknown): void {
    throw error;
  }
  isInterrupted(): boolean {
    return false;
  }
  acknowledge(): void {}
}

test('a breakpoint where a checkpoint was made on the way is met there', async () => {
  await withTarget([guest('computes')], async (target, directory) => {
    const { tid } = await target.state();
    const pauses: Kept[] = [];
    const { addAutomatic } = KeptCheckpoints.prototype;
    KeptCheckpoints.prototype.addAutomatic = function (kept, begun) {
      if (kept.isPause) pauses.push(kept);
      addAutomatic.call(this, kept, begun);
    };
    const expected: string[] = [];
    const found: string[] = [];
    function* requests(): Generator<Omit<Request, 'id'>, void, unknown> {
      function* registers(): Generator<Omit<Request, 'id'>, Uint32Array, unknown> {
        const { general } = (yield { method: 'registers', args: [tid] }) as TaskRegisters;
        return general;
      }
      yield { method: 'resume', args: [{ direction: 'forward', how: 'continue', tid }] };
      for (const { position } of pauses.slice(-3)) {
        yield { method: 'seek', args: [{ kind: 'position', text: positionText(position) }] };
        const there = yield* registers();
        expected.push([...there].join());
        yield { method: 'resume', args: [{ direction: 'forward', how: 'step', tid }] };
        const address = there[2 * registerIndex.rip]! + there[2 * registerIndex.rip + 1]! * 2 ** 32;
        yield {
          method: 'setBreakpoints',
          args: [[{ kind: 'software', address, length: 1, conditions: [] }]],
        };
        const stop = (yield { method: 'resume', args: [{ direction: 'backward', how: 'continue', tid }] }) as Stop;
        assert.equal(stop, { kind: 'breakpoint', tid, address, hardware: false });
        found.push([...(yield* registers())].join());
        yield { method: 'setBreakpoints', args: [[]] };
      }
    }
    try {
      new ReplayTarget({ directory, quiet: true, client: new Dialogue(requests()) }).serve();
    } finally {
      KeptCheckpoints.prototype.addAutomatic = addAutomatic;
    }
    assert.ok(expected.length > 0, 'no checkpoint was made on the way');
    assert.equal(found, expected);
  });
});

test.run();
