// Replays of real recordings, under conditions that a replay must bear.

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import { type ChildResult, runChild } from './harness/child.ts';
import type { RecordingMode } from './harness/modes.ts';
import { openToEverybody } from './harness/open-to-everybody.ts';
import { type Recording, rrCommand, withRecording } from './harness/recording.ts';

const test = suite('replay session');

const mode: RecordingMode = { name: 'default', globalOptions: [], recordOptions: [] };
const talkative = ['/bin/sh', '-c', 'echo to stdout; echo to stderr >&2; /bin/echo from a child'];
/** Computes for about a second between two system calls. */
const computing = [
  '/usr/bin/perl',
  '-e',
  'print "begin\\n"; $| = 1; my $x = 0; $x += $_ for 1 .. 20_000_000; print "$x\\n"',
];

function record(
  name: string,
  command: readonly string[],
  use: (recording: Recording) => void | Promise<void>,
  prepare?: (directory: string) => void,
): Promise<void> {
  const scenario = { command, mode, deterministic: true, ...(prepare === undefined ? {} : { prepare }) };
  return withRecording(name, scenario, use);
}

async function replayAgain(
  { traceDirectory }: Recording,
  words: readonly string[],
  cwd = '/',
  before: readonly string[] = [],
): Promise<ChildResult & { readonly out: string; readonly err: string }> {
  const scratch = join(dirname(traceDirectory), 'streams');
  const result = await runChild([...before, rrCommand, ...words, traceDirectory], {
    scratch,
    label: 'again',
    cwd,
    limitSeconds: 60,
  });
  return { ...result, out: readFileSync(result.stdout.path, 'utf8'), err: readFileSync(result.stderr.path, 'utf8') };
}

const outOf = (recording: Recording): string => readFileSync(recording.record.stdout.path, 'utf8');

/** Children of a process, whichever of its threads made them. */
function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

interface RunningReplay {
  readonly pid: number;
  readonly tracee: number;
  /** Exit status, signal and both streams. */
  readonly ended: Promise<{ status: number | null; signal: string | null; out: string; err: string }>;
}

/** Starts a replay and waits until its program has printed something and computes. */
async function startReplay({ traceDirectory }: Recording): Promise<RunningReplay> {
  const child = spawn(rrCommand, ['replay', '-a', traceDirectory], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stderr.on('data', (piece: Buffer) => {
    err += piece.toString();
  });
  const ended = once(child, 'close').then(([status, signal]) => ({
    status: status as number | null,
    signal: signal as string | null,
    out,
    err,
  }));
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (piece: Buffer) => {
      out += piece.toString();
      resolve();
    });
    child.stdout.on('end', resolve);
  });
  const [tracee] = childrenOf(child.pid!);
  assert.ok(tracee !== undefined, `no tracee; the replay said: ${err}`);
  return { pid: child.pid!, tracee, ended };
}

test('options: -q, -M and --stats', async () => {
  await record('options', talkative, async (recording) => {
    const quiet = await replayAgain(recording, ['replay', '-a', '-q']);
    assert.deepEqual([quiet.status, quiet.out, quiet.err], [0, '', '']);
    const marked = await replayAgain(recording, ['-M', 'replay', '-a']);
    assert.match(marked.out, /^\[rr \d+ \d+\]to stdout\n\[rr \d+ \d+\]from a child\n$/);
    assert.match(marked.err, /^\[rr \d+ \d+\]to stderr\n$/);
    const counted = await replayAgain(recording, ['replay', '-a', '--stats', '20']);
    assert.equal(counted.out, outOf(recording));
    assert.match(counted.err, /^rr: event 20: [\d.]+ s, \d+ events\/s, 1 tasks, 0 bytes written\n/);
  });
});

test('the program’s file and the working directory may be gone', async () => {
  const prepare = (directory: string): void => copyFileSync('/bin/echo', join(directory, 'program'));
  await record('gone', ['./program', 'hello'], () => undefined, prepare);
  await record('gone', talkative, async (recording) => {
    const gone = join(dirname(recording.traceDirectory), 'gone');
    const shell = ['/bin/sh', '-c', `mkdir ${gone}; cd ${gone}; rmdir ${gone}; exec "$@"`, 'sh'];
    const replay = await replayAgain(recording, ['replay', '-a'], '/', shell);
    assert.deepEqual([replay.status, replay.out], [0, outOf(recording)]);
  });
});

if (process.getuid?.() === 0) {
  test('another user may replay, with few descriptors and little memory', async () => {
    await record('user', talkative, async (recording) => {
      openToEverybody(dirname(recording.traceDirectory));
      const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '/bin/sh'];
      const shell = [...user, '-c', 'ulimit -S -n 64; ulimit -S -s 256; exec "$@"', 'sh'];
      const replay = await replayAgain(recording, ['replay', '-a'], '/', shell);
      assert.deepEqual([replay.status, replay.out], [0, outOf(recording)]);
    });
  });
}

test('signals from outside do not disturb the tracees', async () => {
  await record('stray signals', computing, async (recording) => {
    const replay = await startReplay(recording);
    for (const signal of ['SIGWINCH', 'SIGSTOP', 'SIGCONT', 'SIGUSR1', 'SIGSEGV', 'SIGTRAP', 'SIGTSTP', 'SIGTERM']) {
      process.kill(replay.tracee, signal);
    }
    const { status, out, err } = await replay.ended;
    assert.deepEqual([status, out, err], [0, outOf(recording), '']);
  });
});

test('a tracee that somebody kills is a divergence', async () => {
  await record('killed tracee', computing, async (recording) => {
    const replay = await startReplay(recording);
    process.kill(replay.tracee, 'SIGKILL');
    const { status, out, err } = await replay.ended;
    assert.equal(status, 1);
    assert.equal(out, 'begin\n');
    assert.match(err, /^rr: replay diverged from the recording at event \d+\n/);
    assert.match(err, /found {5}its process was ended from outside by SIGKILL \(9\)\n/);
  });
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  test(`${signal} ends the replay and its tracees`, async () => {
    await record('interrupted', computing, async (recording) => {
      const replay = await startReplay(recording);
      process.kill(replay.pid, signal);
      const end = await replay.ended;
      assert.equal(end.signal, signal);
      // The kernel kills the tracees (PTRACE_O_EXITKILL); they may be on their way for a moment.
      for (let tries = 0; isAlive(replay.tracee); tries++) {
        assert.ok(tries < 100_000, 'the tracee lives on');
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    });
  });
}

function isAlive(pid: number): boolean {
  try {
    // A zombie that nobody has reaped yet is dead.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    assert.ok(code === 'ENOENT' || code === 'ESRCH', String(error));
    return false;
  }
}

test('a byte changed in the recorded data is reported', async () => {
  await record('flipped', ['/bin/cat', '/etc/os-release'], async (recording) => {
    const file = openSync(join(recording.traceDirectory, 'data'), 'r+');
    const byte = new Uint8Array(1);
    readSync(file, byte, 0, 1, 100);
    writeSync(file, Uint8Array.of(byte[0]! ^ 1), 0, 1, 100);
    closeSync(file);
    const replay = await replayAgain(recording, ['replay', '-a']);
    assert.equal(replay.status, 1);
    assert.match(replay.err, /^rr: [^\n]*\/data[^\n]*\n$/);
  });
});

test('output that nobody takes ends the replay', async () => {
  await record('closed output', talkative, async (recording) => {
    const full = await replayAgain(recording, ['replay', '-a'], '/', ['/bin/sh', '-c', 'exec "$@" > /dev/full', 'sh']);
    assert.equal(full.status, 1);
    assert.match(full.err, /^rr: cannot write what the program wrote to standard output: ENOSPC\n$/);
  });
});

test.run();
