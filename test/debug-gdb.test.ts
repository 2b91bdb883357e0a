// gdb itself on the protocol server, with a process that stands still instead of a replay.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DebugServer } from '../engine/debug/gdb/server.ts';
import { gdbinit } from '../engine/debug/gdb-script/gdbinit.ts';
import type { Target } from '../engine/debug/target.ts';
import { FakeTarget, remote } from './debug/fake-target.ts';
import { runGdb } from './debug/gdb.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: gdb');
const source = fileURLToPath(new URL('guests-debug/paused.c', import.meta.url));
const guest = compile(source);

/** What gdb says; `prepare` may set up the target. */
async function withGdb(commands: readonly string[], prepare: (target: FakeTarget) => void = () => {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'rr-gdb-'));
  const target = await FakeTarget.start(guest);
  const path = join(folder, 'socket');
  const server = await DebugServer.listen({
    target: remote(target),
    recording: target.recording(),
    servesFiles: false,
    start: { kind: 'begin' },
    address: { kind: 'unix', path },
  });
  prepare(target);
  try {
    writeFileSync(join(folder, 'gdbinit'), gdbinit());
    const served = server.serveOne();
    const words = ['-x', join(folder, 'gdbinit'), '-ex', `target extended-remote ${path}`];
    const said = await runGdb(words, commands);
    await served;
    return said;
  } finally {
    server.close();
    target.close();
    rmSync(folder, { recursive: true });
  }
}

test('registers of all kinds', async () => {
  const said = await withGdb([
    'print/x $rbx',
    'print $xmm0.v2_double',
    'print $ymm0.v32_int8[16]',
    'print $k1',
    'print/x $mxcsr',
    'info float',
    'print $zmm31.v8_int64[7]',
    'set var $xmm1.v4_int32[2] = 7',
    'print $xmm1.v4_int32',
    'set var $st0 = 1.5',
    'print $st0',
  ]);
  assert.match(said, '$1 = 0x123456789abc');
  assert.match(said, '$2 = {2.5, 0}');
  assert.match(said, '$3 = 66');
  assert.match(said, '$4 = 0');
  assert.match(said, /\$5 = .*0x1f80|\$5 = \[ IM/);
  assert.match(said, /Tag Word: +0xffff/);
  assert.match(said, '$6 = 0');
  assert.match(said, '$7 = {0, 0, 7, 0}');
  assert.match(said, '$8 = 1.5');
});

test('stack, thread-locals, errno, threads with their names', async () => {
  const said = await withGdb(['backtrace', 'print threadLocal', 'print errno', 'info threads']);
  assert.match(said, /^#0 +waitHere \(argument=.*paused\.c:13$/m);
  assert.match(said, /^#1 .* main \(\)/m);
  assert.match(said, '$1 = 78');
  assert.match(said, '$2 = 0');
  assert.match(said, /^\* 1 +Thread \d+\.\d+ "paused"/m);
  assert.match(said, /^ {2}2 +Thread \d+\.\d+ "a<b&"c""/m);
});

test('mappings, command line, siginfo and a core file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-core-'));
  try {
    const core = join(folder, 'core');
    const said = await withGdb([
      'info proc',
      'info proc mappings',
      'print $_siginfo._sifields._sigfault.si_addr',
      `generate-core-file ${core}`,
    ]);
    assert.match(said, new RegExp(`^cmdline = '${guest}'$`, 'm'));
    assert.match(said, /r-xp +.*paused$/m);
    assert.match(said, '(void *) 0xdead');
    const opened = await runGdb([guest, core], ['backtrace', 'print counter']);
    assert.match(opened, /^#1 .* main \(\)/m);
    assert.match(opened, '$1 = 8');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('commands that say where the replay stands', async () => {
  const said = await withGdb(['when', 'when-tid', 'when-ticks', 'when-position', 'elapsed-time', 'info recording']);
  assert.match(said, /^Completed event: 12$/m);
  assert.match(said, /^Current tid: \d+$/m);
  assert.match(said, /^the trace has no ticks/m);
  assert.match(said, /^12\.3$/m);
  assert.match(said, /^Elapsed Time \(s\): 1\.500000$/m);
  assert.match(said, /^Events: 100$/m);
});

test('checkpoints', async () => {
  const said = await withGdb([
    'info checkpoints',
    'checkpoint',
    'info checkpoints',
    'restart 1',
    'restart 7',
    'delete checkpoint 1',
    'delete checkpoint 1',
  ]);
  assert.match(said, /^No checkpoints\.$/m);
  assert.match(said, /^Checkpoint 1 at waitHere \(\) at .*paused\.c:13$/m);
  assert.match(said, /^1\t12\twaitHere/m);
  assert.match(said, /stopped\.\nwaitHere/);
  assert.match(said, /^no checkpoint 7; info checkpoints lists them$/m);
  assert.match(said, /^Deleted checkpoint 1\.$/m);
  assert.match(said, /^no checkpoint 1; /m);
});

test('a seek moves gdb without a new session, and runs nothing', async () => {
  let target: FakeTarget | undefined;
  const said = await withGdb(['seek 7', 'run', 'run 8', 'starti', 'seek 101', 'seek', 'back', 'back'], (made) => {
    target = made;
    const seek = made.seek.bind(made);
    made.seek = (place) => {
      seek(place);
      made.here = { ...made.here, position: `${made.places.length}` };
    };
  });
  assert.equal(target!.resumes, []);
  assert.equal(
    target!.places.map((place) => (place.kind === 'event' ? place.event : place.kind)),
    [7, 'begin', 8, 'begin', 3, 2],
  );
  assert.is(said.match(/^Thread 1 "paused" stopped\.$/gm)?.length, 6);
  assert.match(said, /^no event 101: the recording has events 1 to 100$/m);
  assert.match(said, /^Where to\? /m);
});

test('another process takes the place of the one before', async () => {
  const second = compile(source, '-O2');
  const other = await FakeTarget.start(second);
  try {
    const said = await withGdb(
      ['break waitHere', 'seek 7', 'info inferiors', 'backtrace', 'info breakpoints'],
      (made) => {
        const moved: readonly (keyof Target)[] = ['state', 'registers', 'readMemory', 'auxiliaryVector', 'processFile'];
        made.seek = () => {
          other.here = { ...other.here, image: 2 };
          for (const name of moved) {
            Object.assign(made, { [name]: (other[name] as (...parameters: unknown[]) => unknown).bind(other) });
          }
        };
      },
    );
    assert.match(said, `is executing new program: ${second}`);
    assert.is(said.match(/^[* ] \d +process \d+/gm)?.length, 1, said);
    assert.match(said, new RegExp(`^\\* 2 +process ${other.here.process} .*${second}`, 'm'));
    assert.match(said, /^#1 .* main \(\)/m);
    assert.match(said, /^1 +breakpoint +keep y +0x[0-9a-f]+ in waitHere/m);
  } finally {
    other.close();
  }
});

test('a setting that has no sense here is commented on', async () => {
  // Without a prompt nobody asks: the function is called as the prompt would.
  const said = await withGdb(['python tell_of_settings()', 'set scheduler-locking on', 'python tell_of_settings()']);
  assert.match(said, /^The recording says which thread runs when/m);
});

test('a gdb that is too old says so', async () => {
  const said = await runGdb(
    ['-ex', 'python gdb.VERSION = "9.2"'],
    [
      `python exec(open(${JSON.stringify(fileURLToPath(new URL('../engine/debug/gdb-script/commands.py', import.meta.url)))}).read())`,
    ],
  );
  assert.match(said, /^rr: gdb 9\.2 is too old: 10\.1 or newer is wanted/m);
});

test.run();
