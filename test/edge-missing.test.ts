// What machines, containers and users' limits take away: recording and replay go on without it, slower at worst, and
// `--log` says what they do instead.
import { chmodSync, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asNobody, compileEdge, isRoot, type Place, type Run, withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('edge: missing');
const testAsRoot = isRoot ? test : test.skip;
const status = 3;

/** Records poorer.c behind the words before it, and replays behind them, too. */
async function recordAndReplay(
  place: Place,
  before: readonly string[],
  command = [compileEdge('poorer')],
): Promise<Run> {
  const record = await place.run([...before, rrCommand, '--log', 'record:info', 'record', ...command]);
  assert.is(record.status, status, record.story);
  const replay = await place.run([...before, rrCommand, 'replay', '-a']);
  assert.is(replay.status, 0, replay.story);
  assert.is(replay.out, record.out);
  return record;
}

async function inPlace(use: (place: Place) => Promise<void>): Promise<void> {
  await withPlace(async (place) => {
    mkdirSync(place.traces);
    chmodSync(place.traces, 0o777);
    await use(place);
  });
}

interface Refusal {
  readonly calls: string;
  /** A line that the program prints. */
  readonly answer: string;
  readonly says?: RegExp;
}

const refusals: readonly Refusal[] = [
  { calls: 'userfaultfd', answer: 'userfaultfd = -1 EPERM' },
  { calls: 'perf_event_open=ENOSYS', answer: 'perf_event_open = -1 ENOSYS' },
  // The recorder keeps the program's binding to itself, and answers for the kernel.
  { calls: 'sched_setaffinity', answer: 'sched_setaffinity = 0', says: /cannot bind the program to processor \d/ },
  {
    calls: 'timer_create',
    answer: 'timer_create = -1 EPERM',
    says: /the kernel gives no timer .*a thread keeps the time/,
  },
  { calls: 'timer_create=ENOSYS', answer: 'timer_create = -1 ENOSYS', says: /a thread keeps the time/ },
  { calls: 'personality', answer: 'personality = -1 EPERM' },
  { calls: 'process_vm_readv', answer: 'process_vm_readv = -1 EPERM' },
  { calls: 'process_vm_writev=ENOSYS', answer: 'process_vm_writev = -1 ENOSYS' },
  { calls: 'kcmp', answer: 'kcmp = -1 EPERM' },
  { calls: 'close_range', answer: 'close_range = -1 EPERM' },
  { calls: 'membarrier', answer: 'membarrier = 0' },
  { calls: 'statx=ENOSYS', answer: 'statx = -1 ENOSYS' },
  { calls: 'clone3=ENOSYS', answer: 'kcmp = 0' },
  { calls: 'rseq', answer: 'kcmp = 0' },
  { calls: 'seccomp', answer: 'kcmp = 0' },
  { calls: 'container', answer: 'get_mempolicy = -1 EPERM', says: /a seccomp filter is in force already/ },
  {
    calls: 'container,sched_setaffinity,timer_create,close_range,personality,seccomp,rseq,membarrier',
    answer: 'personality = -1 EPERM',
    says: /a thread keeps the time/,
  },
];

for (const user of ['root', 'nobody'] as const) {
  if ((user === 'root') !== isRoot && !isRoot) continue;
  const become = user === 'nobody' ? asNobody : [];
  for (const { calls, answer, says } of refusals) {
    test(`as ${user}: ${calls} refused`, () =>
      inPlace(async (place) => {
        const record = await recordAndReplay(place, [...become, compileEdge('refuse'), calls]);
        assert.ok(record.out.includes(`${answer}\n`), record.story);
        if (says !== undefined) assert.match(record.err, says);
      }));
  }
}

// By the kernel's own dispatch of system calls, which the tracer sets, or else the program; without it none is buffered.
for (const { calls, buffers, says } of [
  { calls: 'container', buffers: true, says: /not buffered stop three times/ },
  { calls: 'container,ptrace-dispatch=EIO', buffers: true, says: /not buffered stop three times/ },
  { calls: 'container,prctl-dispatch', buffers: false, says: /none is buffered.*PR_SET_SYSCALL_USER_DISPATCH/ },
] as const) {
  test(`${buffers ? 'buffers' : 'buffers nothing'} where there are refused: ${calls}`, () =>
    inPlace(async (place) => {
      const script = 'for i in {1..200}; do test -e /$i; done; (exit 1); kill -0 $$; exit 3';
      const before = [...(isRoot ? asNobody : []), compileEdge('refuse'), calls];
      const record = await recordAndReplay(place, before, ['bash', '-c', script]);
      assert.match(record.err, says);
      const dump = await place.run([...before, rrCommand, 'dump', '-s']);
      const [, share] = /^(\d+) of \d+ calls .* were buffered/m.exec(dump.out) ?? [];
      assert.is(Number(share ?? '0') > 150, buffers, dump.story);
    }));
}

test('no place for queued signals', () =>
  inPlace(async (place) => {
    // The program has no timer either.
    const record = await recordAndReplay(place, ['/bin/bash', '-c', 'ulimit -i 0; exec "$@"', 'bash']);
    assert.match(record.out, /timer_create = -1 EAGAIN/);
    assert.match(record.err, /ulimit -i.*a thread keeps the time/);
  }));

for (const [what, limit] of [
  ['descriptors', 'ulimit -n 48'],
  ['stack', 'ulimit -s 512'],
  ['locked memory', 'ulimit -l 0'],
  ['core files and file sizes', 'ulimit -c 0; ulimit -f 100000'],
] as const) {
  test(`few: ${what}`, () =>
    inPlace(async (place) => {
      await recordAndReplay(place, ['/bin/bash', '-c', `${limit}; exec "$@"`, 'bash']);
    }));
}

test('an address space of 64 MB for the program', () =>
  inPlace(async (place) => {
    await recordAndReplay(place, [], ['/bin/sh', '-c', 'ulimit -v 65536; exec "$@"', 'sh', compileEdge('poorer')]);
  }));

// The runtime and one piece of memory for stubs take 0.3 MB each, the latter for a moment.
test('1 MB of data for the program', () =>
  inPlace(async (place) => {
    const record = await recordAndReplay(place, [], ['/bin/sh', '-c', 'ulimit -d 1000; ls /; exit 3']);
    assert.match(record.out, /usr/);
  }));

test('few descriptors, and a shell that makes many processes', () =>
  inPlace(async (place) => {
    const script = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.2 & done; wait; echo done; exit 3';
    await recordAndReplay(place, ['/bin/bash', '-c', 'ulimit -n 48; exec "$@"', 'bash'], ['bash', '-c', script]);
  }));

/** A new group of the cpu controller, whichever version of cgroups this is; undefined where none can be made. */
function halfProcessor(): string | undefined {
  const name = `rr-test-${process.pid}`;
  for (const [root, file, value] of [
    ['/sys/fs/cgroup/cpu', 'cpu.cfs_quota_us', '50000'],
    ['/sys/fs/cgroup', 'cpu.max', '50000 100000'],
  ] as const) {
    const group = `${root}/${name}`;
    try {
      mkdirSync(group);
    } catch (error) {
      if (error instanceof Error && 'code' in error) continue;
      throw error;
    }
    if (existsSync(`${group}/${file}`)) {
      writeFileSync(`${group}/${file}`, value);
      return group;
    }
    rmdirSync(group);
  }
  return undefined;
}

testAsRoot('half a processor', () =>
  inPlace(async (place) => {
    const group = halfProcessor();
    // A container's cgroups are read-only mostly.
    if (group === undefined) return;
    try {
      const enter = ['/bin/sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh'];
      await recordAndReplay(place, enter);
      const spin = compileGuest('threads/spin-wait');
      await recordAndReplay(place, enter, ['/bin/sh', '-c', '"$0"; exit 3', spin]);
    } finally {
      rmdirSync(group);
    }
  }),
);

test.run();
