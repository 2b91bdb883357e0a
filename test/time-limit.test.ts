// The limits of the tests go by processor time, which other work on the machine does not use up.
import { type ChildProcess, spawn } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { limitTime, type TimeLimits } from '../scripts/test-runner/time-limit.mjs';

/** What limit a shell's script reaches; undefined when it ends before. */
async function limitOf(script: string, limits: TimeLimits): Promise<string | undefined> {
  const child: ChildProcess = spawn('/bin/sh', ['-c', script], { stdio: 'ignore' });
  let reached: string | undefined;
  const watch = limitTime(child.pid!, limits, (what) => {
    reached = what;
    child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.on('exit', resolve));
  watch.stop();
  return reached;
}

const never = 600;

test('a process that computes reaches the limit of processor time', async () => {
  const reached = await limitOf('while :; do :; done', {
    processorSeconds: 1,
    stallSeconds: never,
    clockSeconds: never,
  });
  assert.is(reached, 'took 1 s of processor time');
});

test('so does one whose children’s children compute', async () => {
  // The loop ends by itself when the shell is gone.
  const script = '( (while kill -0 $$; do :; done); : ); :';
  const reached = await limitOf(script, { processorSeconds: 1, stallSeconds: never, clockSeconds: never });
  assert.is(reached, 'took 1 s of processor time');
});

test('one that waits stands still', async () => {
  const reached = await limitOf('exec sleep 600', { processorSeconds: never, stallSeconds: 2 });
  assert.is(reached, 'stood still for 2 s');
});

test('the clock is the last limit', async () => {
  const reached = await limitOf('exec sleep 600', { processorSeconds: never, stallSeconds: never, clockSeconds: 2 });
  assert.is(reached, 'did not end within 2 s');
});

test('one that ends in time reaches none', async () => {
  assert.is(await limitOf('exit 3', { processorSeconds: 1, stallSeconds: 1 }), undefined);
});

test.run();
