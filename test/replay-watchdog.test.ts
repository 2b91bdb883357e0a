// When a task that does not reach its event is given up.
import { strict as assert } from 'node:assert';
import { suite } from 'uvu';
import type { ReplayProcesses } from '../engine/replay/primitives.ts';
import { Watchdog } from '../engine/replay/watchdog.ts';

const test = suite('replay watchdog');

function watchdogAt(clock: { seconds: number }, oracleOnly = false): Watchdog {
  const processes: Pick<ReplayProcesses, 'processorTime'> = { processorTime: () => clock.seconds };
  return new Watchdog(processes as ReplayProcesses, oracleOnly);
}

test('30 s of processor time are enough for an event that took none', () => {
  const clock = { seconds: 1000 };
  const watchdog = watchdogAt(clock);
  watchdog.begin();
  assert.equal(watchdog.overrun(1, 0), undefined);
  clock.seconds = 1030;
  assert.equal(watchdog.overrun(1, 0), undefined);
  clock.seconds = 1031;
  assert.equal(watchdog.overrun(1, 0), 31);
});

test('an event that took long may take ten times as long', () => {
  const clock = { seconds: 0 };
  const watchdog = watchdogAt(clock);
  watchdog.begin();
  assert.equal(watchdog.overrun(1, 60), undefined);
  clock.seconds = 630;
  assert.equal(watchdog.overrun(1, 60), undefined);
  clock.seconds = 631;
  assert.equal(watchdog.overrun(1, 60), 631);
});

test('a search by breakpoints alone may take ten minutes', () => {
  const clock = { seconds: 0 };
  const watchdog = watchdogAt(clock, true);
  watchdog.begin();
  assert.equal(watchdog.overrun(1, 0), undefined);
  clock.seconds = 600;
  assert.equal(watchdog.overrun(1, 0), undefined);
  clock.seconds = 601;
  assert.equal(watchdog.overrun(1, 0), 601);
});

test('each event begins anew', () => {
  const clock = { seconds: 0 };
  const watchdog = watchdogAt(clock);
  watchdog.begin();
  assert.equal(watchdog.overrun(1, 0), undefined);
  clock.seconds = 29;
  watchdog.begin();
  assert.equal(watchdog.overrun(1, 0), undefined);
  clock.seconds = 58;
  assert.equal(watchdog.overrun(1, 0), undefined);
});

test.run();
