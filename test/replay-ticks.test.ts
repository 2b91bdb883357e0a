// What the replay makes of ticks (engine/replay/ticks.ts), with a counter that counts our code as well, as a
// processor's does, and with one that does not.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventKinds, type FrameView } from '../engine/generated/schema.ts';
import type { CounterSpec } from '../engine/machine/native-probes.ts';
import type { ReplayProcesses } from '../engine/replay/primitives.ts';
import type { Task } from '../engine/replay/task.ts';
import { Ticks } from '../engine/replay/ticks.ts';

const breakpoint: CounterSpec = { type: 5, config: 0, address: 0x401000, skid: 1 };
const branches: CounterSpec = { type: 4, config: 0xd1, address: 0, skid: 100 };

/** Counters whose counts the test sets, by process. */
class FakeProcesses {
  readonly counts = new Map<number, number>();
  error = '';

  openCounter(pid: number): string {
    if (this.error === '') this.counts.set(pid, 0);
    return this.error;
  }

  ticks(pid: number): number {
    return this.counts.get(pid) ?? -1;
  }
}

function scene(spec: CounterSpec) {
  const fake = new FakeProcesses();
  const ticks = new Ticks(fake as unknown as ReplayProcesses, spec);
  const task = { pid: 7 } as Task;
  return {
    fake,
    ticks,
    task,
    target: (recorded: number) => ticks.target(frame(recorded), task),
    settle: (recorded: number, counted: number, kind: number = eventKinds.syscall) => {
      if (fake.counts.has(task.pid)) fake.counts.set(task.pid, counted);
      return ticks.settle(frame(recorded, kind), task);
    },
  };
}

function frame(ticksNumber: number, eventKind: number = eventKinds.sched): FrameView {
  return { ticksNumber, eventKind } as FrameView;
}

test('a counter is opened at the first event of a task, and compared from then on', () => {
  const { settle, target } = scene(breakpoint);
  assert.is(target(5), undefined);
  assert.is(settle(40, 0), undefined);
  assert.is(target(47), 7);
  assert.is(settle(47, 7), undefined);
  assert.equal(settle(50, 12), { recorded: 3, counted: 5 });
});

test('a point behind the last event cannot have fewer ticks', () => {
  const { settle, target } = scene(breakpoint);
  settle(40, 0);
  assert.is(target(39), undefined);
});

test('where our code was counted, nothing is compared until the next event', () => {
  const { settle, target, ticks, task } = scene(branches);
  settle(0, 0);
  settle(10, 10);
  ticks.ranOurCode(task);
  assert.is(target(30), undefined);
  assert.is(settle(20, 900), undefined);
  assert.is(target(30), 910);
  assert.equal(settle(30, 911), { recorded: 10, counted: 11 });
});

test('passes of a breakpoint are compared whatever code of ours ran', () => {
  const { settle, target, ticks, task } = scene(breakpoint);
  settle(0, 0);
  ticks.ranOurCode(task);
  assert.is(target(30), 30);
  assert.equal(settle(20, 21), { recorded: 20, counted: 21 });
});

test('a task that goes on in another process has a new counter', () => {
  const { settle, task, target } = scene(breakpoint);
  settle(10, 0);
  task.pid = 8;
  assert.is(target(20), undefined);
  assert.is(settle(15, 0), undefined);
  assert.is(target(20), 5);
});

test('ticks that the recording lost are not compared', () => {
  const { settle, target } = scene(breakpoint);
  settle(10, 0);
  const lost = 2 ** 64;
  assert.is(target(lost), undefined);
  assert.is(settle(lost, 55), undefined);
  assert.is(target(60), undefined);
  assert.is(settle(60, 70), undefined);
  assert.equal(settle(61, 72), { recorded: 1, counted: 2 });
});

test('without a counter points are found by their state', () => {
  const { settle, fake, target } = scene(breakpoint);
  fake.error = 'perf_event_open: no';
  assert.is(settle(10, 0), undefined);
  assert.is(target(20), undefined);
  fake.error = '';
  assert.is(settle(30, 0), undefined);
  assert.is(target(40), undefined);
});

test.run();
