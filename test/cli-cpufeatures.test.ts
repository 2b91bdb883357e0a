// rr cpufeatures: which kind of execution point is in use, why, and what the machine can do.
import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

interface Report {
  readonly executionPoint: {
    readonly kind: string;
    readonly reason: string;
    readonly counter?: { readonly counts: string };
  };
  readonly processor: { readonly vendor: string; readonly family: number; readonly model: number };
  readonly microarchitecture: string | null;
  readonly assumed: boolean;
  readonly event: string | null;
  readonly hardwareEvents: { readonly works: boolean; readonly detail: string };
  readonly features: readonly { readonly name: string; readonly works: boolean; readonly detail: string }[];
}

function rr(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('bin/rr', words, { encoding: 'utf8', timeout: 30_000 });
  return { status, stdout, stderr };
}

test('--json tells the kind of execution point, its reason, and each feature', () => {
  const { status, stdout, stderr } = rr('cpufeatures', '--json');
  assert.is(status, 0, stderr);
  const report = JSON.parse(stdout) as Report;
  const { executionPoint, hardwareEvents } = report;
  if (hardwareEvents.works) assert.is(hardwareEvents.detail, '');
  else assert.match(hardwareEvents.detail, /^perf_event_open, .*: .*; /);
  assert.is(executionPoint.kind, executionPoint.counter === undefined ? 'state' : 'ticks');
  assert.ok(executionPoint.reason.length > 0);
  if (!hardwareEvents.works) assert.is(executionPoint.reason, hardwareEvents.detail);
  assert.ok(report.processor.family > 0);
  for (const { name, works, detail } of report.features) assert.is(detail === '', works, `${name}: ${detail}`);
  // Without it nothing can be recorded, and these tests would not be here.
  const working = report.features.filter(({ works }) => works).map(({ name }) => name.split(' ')[0]);
  assert.ok(working.includes('seccomp'));
});

test('the processor can be named by -A', () => {
  const { status, stdout } = rr('-A', 'zen2', 'cpufeatures', '--json');
  assert.is(status, 0);
  const report = JSON.parse(stdout) as Report;
  assert.is(report.microarchitecture, 'zen2');
  assert.is(report.event, 'ex_ret_cond');
  assert.ok(report.assumed);
});

test('an unknown name is refused, with those that are known', () => {
  const { status, stderr } = rr('-A', 'z80', 'cpufeatures');
  assert.is(status, 2);
  assert.match(stderr, /--microarch z80: expected one of nehalem, .*zen5/);
});

test('the text has a line for each of them', () => {
  const { status, stdout } = rr('cpufeatures');
  assert.is(status, 0);
  const labels = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/\s{2,}/)[0]);
  for (const label of ['execution points', 'because', 'microarchitecture', 'PERF hardware events', 'PAGEMAP_SCAN']) {
    assert.ok(labels.includes(label), `${label}:\n${stdout}`);
  }
});

test.run();
