// Machines and users that allow less: a container's profile, a user without privilege.
import { chmodSync, mkdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asNobody, compileEdge, isRoot, type Place, type Run, withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('edge: machine');
/** Needs root to become somebody else. */
const testAsNobody = isRoot ? test : test.skip;

const pipeline = 'for i in 1 2 3; do echo $i | cat; done; echo "error $BASHPID" >&2; exit 3';

/** Records and replays; both must print the same, and the recording end with `status`. */
async function recordAndReplay(
  place: Place,
  words: readonly string[],
  before: readonly string[] = [],
  status = 0,
): Promise<Run> {
  const record = await place.run([...before, rrCommand, 'record', ...words]);
  assert.is(record.status, status, record.story);
  assert.not(/^rr: /m.test(record.err), record.story);
  const replay = await place.run([...before, rrCommand, 'replay', '-a']);
  assert.is(replay.status, 0, replay.story);
  assert.is(replay.out, record.out);
  assert.is(replay.err, record.err);
  return record;
}

const poorer = [
  'personality',
  'perf_event_open',
  'userfaultfd',
  'kcmp',
  'process_vm_readv',
  'process_vm_writev',
  'prctl-seccomp',
];
for (const calls of [...poorer, 'seccomp', poorer.join(',')]) {
  test(`records and replays where ${calls} is refused`, () =>
    withPlace(async (place) => {
      await recordAndReplay(place, ['bash', '-c', pipeline], [compileEdge('refuse'), calls], 3);
    }));
}

const impossible = [
  { calls: 'ptrace', says: /not permitted to trace the program \(PTRACE_SEIZE: EPERM\); .*ptrace_scope.*SYS_PTRACE/ },
  { calls: 'seccomp,prctl-seccomp', says: /cannot install a seccomp filter: .*EPERM.*profile must allow seccomp/ },
  { calls: 'prctl-tsc', says: /cannot make rdtsc trap .*EPERM.*profile must allow/ },
];
for (const { calls, says } of impossible) {
  test(`says what is missing where ${calls} is refused, and leaves no trace`, () =>
    withPlace(async (place) => {
      const run = await place.run([compileEdge('refuse'), calls, rrCommand, 'record', 'true']);
      assert.is(run.status, 1, run.story);
      assert.match(run.err, says);
      assert.match(run.err, /^rr: [^\n]*\n$/);
      assert.equal(place.traceNames(), []);
    }));
}

test('a replay without seccomp warns and goes on, and says that it needs ptrace', () =>
  withPlace(async (place) => {
    await place.rr('record', 'echo', 'hi');
    const refuse = compileEdge('refuse');
    const without = await place.run([refuse, `${poorer.join(',')},seccomp`, rrCommand, 'replay', '-a']);
    assert.is(without.out, 'hi\n', without.story);
    assert.is(without.status, 0);
    assert.match(without.err, /^rr: warning: no seccomp filter is around the replayed program \(seccomp: [^\n]*\n$/);
    const silent = await place.run([refuse, 'prctl-seccomp,seccomp', rrCommand, '-S', 'replay', '-a']);
    assert.equal([silent.status, silent.out, silent.err], [0, 'hi\n', '']);
    const fatal = await place.run([refuse, 'prctl-seccomp,seccomp', rrCommand, '-E', 'replay', '-a']);
    assert.equal([fatal.status, fatal.out], [1, '']);
    const run = await place.run([refuse, 'ptrace', rrCommand, 'replay', '-a']);
    assert.is(run.status, 1, run.story);
    assert.match(run.err, /^rr: cannot start the replay: .*PTRACE_SEIZE[^\n]*SYS_PTRACE\n$/);
    const untrapped = await place.run([refuse, 'prctl-tsc', rrCommand, 'replay', '-a']);
    assert.is(untrapped.status, 1, untrapped.story);
    assert.match(untrapped.err, /^rr: cannot start the replay: cannot make rdtsc trap \(PR_SET_TSC\): [^\n]*\n$/);
  }));

test('under a tracer of its own, rr record names it', () =>
  withPlace(async (place) => {
    const run = await place.sh('strace -f -o /dev/null "$RR" record true');
    assert.is(run.status, 1, run.story);
    assert.match(run.err, /PTRACE_SEIZE: EPERM\); process \d+ traces this one/);
  }));

async function asUser(use: (place: Place) => Promise<void>): Promise<void> {
  await withPlace(async (place) => {
    mkdirSync(place.traces);
    chmodSync(place.traces, 0o777);
    await use(place);
  });
}

testAsNobody('a user without privilege records a pipeline of bash', () =>
  asUser(async (place) => {
    const run = await recordAndReplay(place, ['bash', '-c', `id -u; ${pipeline}`], asNobody, 3);
    assert.is(run.out, '65534\n1\n2\n3\n');
  }),
);

testAsNobody('a user without privilege records python3', () =>
  asUser(async (place) => {
    const program =
      'import json, os, subprocess; print(json.dumps([os.getuid(), subprocess.check_output(["id", "-u"]).decode()]))';
    const run = await recordAndReplay(place, ['/usr/bin/python3', '-c', program], asNobody);
    assert.is(run.out, '[65534, "65534\\n"]\n');
  }),
);

testAsNobody('a user without privilege records a pipeline under a container’s profile', () =>
  asUser(async (place) => {
    await recordAndReplay(place, ['bash', '-c', pipeline], [...asNobody, compileEdge('refuse'), poorer.join(',')], 3);
  }),
);

/** Docker's default profile, without capabilities; that of kernels before 4.8 refuses process_vm_* too. */
const containerRefuses = [
  ...['acct', 'add_key', 'bpf', 'clock_settime', 'fanotify_init', 'get_mempolicy', 'io_uring_enter'],
  ...['io_uring_register', 'io_uring_setup', 'ioperm', 'iopl', 'kcmp', 'keyctl', 'mbind', 'mount', 'move_pages'],
  ...['name_to_handle_at', 'open_by_handle_at', 'perf_event_open', 'personality', 'pidfd_getfd', 'pivot_root'],
  ...['process_madvise', 'process_vm_readv', 'process_vm_writev', 'quotactl', 'reboot', 'request_key'],
  ...['set_mempolicy', 'setns', 'swapon', 'syslog', 'umount2', 'unshare', 'userfaultfd', 'vhangup'],
].join(',');

const inContainers: readonly { name: string; words: () => readonly string[]; status?: number }[] = [
  { name: 'true', words: () => ['true'] },
  { name: 'a pipeline of bash', words: () => ['bash', '-c', pipeline], status: 3 },
  { name: 'python3', words: () => ['/usr/bin/python3', '-c', 'import json, os; print(json.dumps(os.getuid()))'] },
  { name: 'threads', words: () => [compileGuest('buffer/many-threads')] },
  { name: 'threads that block in reads', words: () => [compileGuest('buffer/blocked-readers')] },
  { name: 'bad pointers', words: () => [compileGuest('buffer/bad-pointers')] },
];
for (const { name, words, status } of inContainers) {
  for (const option of ['--patch-after=1', '-n']) {
    testAsNobody(`a user without privilege records ${name} in a container (${option})`, () =>
      asUser(async (place) => {
        const directory = place.path('work');
        mkdirSync(directory);
        chmodSync(directory, 0o777);
        const inside = ['env', `--chdir=${directory}`, compileEdge('refuse'), containerRefuses];
        await recordAndReplay(place, [option, ...words()], [...asNobody, ...inside], status);
      }),
    );
  }
}

testAsNobody('a program of a user without privilege starts in the state that it would start in alone', () =>
  asUser(async (place) => {
    const guest = compileGuest('identity/state');
    const alone = await place.run([...asNobody, guest]);
    assert.match(alone.out, /^auxv /m);
    const record = await recordAndReplay(place, [guest], asNobody);
    assert.is(record.out, alone.out);
  }),
);

testAsNobody('memory that a user’s program closes to others is recorded all the same', () =>
  asUser(async (place) => {
    const run = await recordAndReplay(place, [compileEdge('undumpable')], asNobody);
    assert.is(run.out, 'dumpable 1\ndumpable 0\nchild: dumpable 0, read 5 bytes: hello\ndumpable 1\n');
  }),
);

test.run();
