// --dump-on and --dump-at: memory of a replay as text.
// Time limit: 240 s
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withPlace } from './edge/place.ts';

test('memory is written after the calls, signals and events that are named, and is the same each time', () =>
  withPlace(async (place) => {
    const script = 'trap "echo caught" USR1; kill -USR1 $$; echo remember-these-words';
    const record = await place.rr('record', '-n', '-o', 'trace', 'bash', '-c', script);
    assert.is(record.status, 0, record.story);
    const dump = await place.rr('dump', '--json', 'trace');
    const events = dump.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const numbers = (chosen: (event: { kind: string; text: string }) => boolean): string[] =>
      events.filter(chosen).map(({ event, tid }) => `rr-memory-${event}-${tid}`);
    const cases: readonly (readonly [string[], string[]])[] = [
      [['-D', 'write'], numbers(({ text }) => text.startsWith('write('))],
      [['--dump-on=-10'], numbers(({ kind }) => kind === 'signal')],
      [['-D', 'SIGUSR1'], numbers(({ kind }) => kind === 'signal')],
      [['--dump-at', '9'], numbers((event) => event === events[8])],
    ];
    for (const [index, [options, expected]] of cases.entries()) {
      assert.ok(expected.length > 0, options.join(' '));
      const run = await place.sh('mkdir "$1" && cd "$1" && shift && "$RR" replay -a "$@" ../trace', {
        args: [`case-${index}`, ...options],
      });
      assert.is(run.status, 0, run.story);
      assert.equal(readdirSync(place.path(`case-${index}`)).sort(), expected.sort(), options.join(' '));
    }
    const [file] = cases[0]![1];
    const text = readFileSync(place.path(`case-0/${file}`), 'latin1');
    assert.match(text, /^[0-9a-f]+-[0-9a-f]+ r-xp .*\/[0-9a-f]{62}$/m);
    assert.match(text, /^[0-9a-f]{12}( [0-9a-f]{8}){8}$/m);
    assert.ok(
      text.replaceAll(/\n[0-9a-f]{12} |[ \n]/g, '').includes(Buffer.from('remember-these-words').toString('hex')),
    );
    const again = await place.rr('replay', '-a', '-D', 'write', 'trace');
    assert.is(again.status, 0, again.story);
    assert.is(
      readFileSync(place.path(file!), 'latin1').replaceAll(/^.* (r|-).*\n/gm, ''),
      text.replaceAll(/^.* (r|-).*\n/gm, ''),
    );
    const bad = await place.rr('-D', 'wrtie', 'replay', '-a', 'trace');
    assert.equal(
      [bad.status, bad.err],
      [2, 'rr: --dump-on wrtie: expected a system call, or a signal as SIGNAME or -NUMBER\n'],
    );
  }));

test.run();
