// Ctrl-C while gdb runs Python of ours: it is neither lost nor takes an answer for another's.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DebugRecording, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: listeners');
const script = fileURLToPath(new URL('debug/trip.py', import.meta.url));

const computes = recordGuest('computes');
const hangs = recordGuest('hangs', { args: ['1'] });
test.after(() => {
  for (const recording of [computes, hangs]) recording[Symbol.dispose]();
});

/** What gdb says where a Ctrl-C comes with each event of that kind, behind `main`. */
function tripped(recording: DebugRecording, event: string, commands: readonly string[]): Promise<string> {
  const all = ['break main', 'continue', `python trip("${event}")`, ...commands];
  const words = ['-iex', `source ${script}`, '-batch', ...all.flatMap((each) => ['-ex', each])];
  return recording.replay([], words);
}

test('in a listener, which goes on to its end; the next command is stopped', async () => {
  const said = await tripped(computes, 'stop', ['stepi', 'continue', 'python print("places", len(replay.places))']);
  says(said, /received signal SIGINT|^Quit$/m);
  const places = /^places (\d+)$/m.exec(said);
  assert.ok(places !== null && Number(places[1]) >= 2, said);
  assert.not.match(said, 'Python Exception');
});

test('in a listener while the program runs', async () => {
  // Each passing is one: gdb counts them.
  const said = await tripped(hangs, 'breakpoint_modified', ['break inner', 'ignore 2 1000000', 'continue']);
  says(said, /received signal SIGINT|^Quit$/m);
  assert.not.match(said, 'Python Exception');
});

test('in a long search of ours, which ends; what is asked then has its own answer', async () => {
  const said = await computes.gdb([
    'break 7',
    'continue',
    'print value',
    'shell (sleep 0.5; kill -INT $PPID) &',
    'last-write value 1000',
    'print value',
    'when',
    'info registers rip',
    'last-write value',
  ]);
  says(said, /^Quit$/m);
  const values = [...said.matchAll(/^\$\d = (\d+)$/gm)].map(([, value]) => value);
  assert.is(values.length, 2, said);
  assert.is(values[0], values[1]);
  says(said, /^Completed event: \d+$/m);
  says(said, /^rip +0x[0-9a-f]+ +0x[0-9a-f]+ <main\+\d+>$/m);
  says(said, new RegExp(`^#1 value: \\d+ -> ${values[0]}$`, 'm'));
});

test('what is long and is begun by nothing', async () => {
  const said = await computes.gdb(['monitor outcome', 'monitor give-up', 'monitor begin when', 'monitor outcome']);
  says(said, 'rr: no command goes on');
  says(said, /^done\nCompleted event: \d+$/m);
});

test.run();
