// A thread that traces has its own rdtsc trap where its tracees' does, and is none the worse for it
// (native/tracee/time-trap.h).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startProcesses } from '../engine/replay/primitives.ts';
import { buildNative } from './harness/native-program.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('time trap');
const folder = mkdtempSync(join(tmpdir(), 'rr-time-trap-'));

test.after(() => rmSync(folder, { recursive: true }));

const { stdout, stderr, status } = spawnSync(
  buildNative(folder, 'time-trap', ['native/tracee/time-trap.cc'], ['-pthread']),
  { encoding: 'utf8' },
);
const traps = stdout !== 'none\n';
const testOfTrap = traps ? test : test.skip;
if (!traps)
  console.log('skipped: rdtsc does not trap here, or a switch costs nothing, or the C library has no clock without it');

(traps ? test.skip : test)('where it gains nothing, a recorder’s tracer goes without', () => {
  const words = ['--log', 'record:debug', 'record', '-o', join(folder, 'without'), 'true'];
  const record = spawnSync(rrCommand, words, { encoding: 'utf8' });
  assert.is(record.status, 0, record.stderr);
  assert.not.match(record.stderr, /in the tracer, too/);
});

testOfTrap('the clock needs no rdtsc, and an rdtsc gives what it would', () => {
  assert.is(status, 0, stderr);
  assert.equal(stdout.split('\n'), [
    'clock: 0',
    'rdtsc: 1',
    'rdtscp: 1',
    'forward: 1, of processor: 1',
    'paused: 0',
    'after the pause: 1',
    'clock of a thread that it makes: 0',
    'in a child: 0',
    'while another goes on: 1',
    'ended: 0',
    'another fault: handled as before',
    '',
  ]);
});

testOfTrap('a recorder’s tracer has it where the program has it', () => {
  const record = (...options: readonly string[]) =>
    spawnSync(
      rrCommand,
      ['--log', 'record:debug', 'record', ...options, '-o', join(folder, `trace${options.length}`), 'true'],
      {
        encoding: 'utf8',
      },
    );
  assert.match(record().stderr, /rdtsc traps, in the tracer, too/);
  assert.not.match(record('--replace-rdtsc').stderr, /rdtsc traps/);
});

testOfTrap('what a trapped rdtsc gives is told from the clock after a while', () => {
  const words = [
    '--log',
    'record:debug',
    'record',
    '-n',
    '-o',
    join(folder, 'told'),
    'sh',
    '-c',
    'sleep 0.3; true; /bin/true',
  ];
  const record = spawnSync(rrCommand, words, { encoding: 'utf8' });
  assert.match(record.stderr, /time stamps: [0-9.]+ in a nanosecond/);
  const replay = spawnSync(rrCommand, ['replay', '-a', join(folder, 'told')], { encoding: 'utf8' });
  assert.is(replay.status, 0, replay.stderr);
});

testOfTrap('the thread that replays has it while it does', () => {
  const processes = startProcesses();
  assert.ok(processes.trapsTime);
  const now = Date.now();
  assert.ok(Math.abs(Date.now() - now) < 10_000);
  processes.close();
  assert.not.ok(processes.trapsTime);
});

test.run();
