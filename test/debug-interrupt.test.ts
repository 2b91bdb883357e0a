// interrupt() ends the run that it was called for, however early it comes, and no other, however late.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RemoteTarget } from '../engine/debug/target.ts';
import { withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: interrupts');
const guest = compile(fileURLToPath(new URL('guests/computing/short-loop.c', import.meta.url)));
const rounds = 50;

async function run(target: RemoteTarget, direction: 'forward' | 'backward' = 'forward'): Promise<string> {
  const { tid } = await target.state();
  return (await target.resume({ direction, how: 'continue', tid })).kind;
}

test('one that comes before the run has begun ends it', () =>
  withTarget([guest], async (target) => {
    const { tid } = await target.state();
    for (let round = 0; round < rounds; round++) {
      const stop = target.resume({ direction: 'forward', how: 'continue', tid });
      target.interrupt();
      assert.is((await stop).kind, 'interrupted', `round ${round}`);
      await target.seek({ kind: 'begin' });
    }
  }));

test('one that comes when the run is over ends no later one', () =>
  withTarget([guest], async (target) => {
    for (let round = 0; round < rounds; round++) {
      await target.seek({ kind: 'end' });
      const stop = run(target);
      // The answer may be on its way.
      const late = new Promise<void>((resolve) => setTimeout(resolve, round / 10)).then(() => target.interrupt());
      assert.ok(['exit', 'interrupted'].includes(await stop));
      await late;
      await target.seek({ kind: 'event', event: 5 });
      assert.is((await target.state()).event, 5);
    }
  }));

test('no later run, either', () =>
  withTarget([guest], async (target) => {
    await target.seek({ kind: 'end' });
    target.interrupt();
    assert.is(await run(target), 'exit');
    assert.is(await run(target, 'backward'), 'begin');
  }));

test.run();
