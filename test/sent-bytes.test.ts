// What leaves a program, and the names that it asks for, are compared in a replay: a difference there is never silent.
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileEdge, withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';

const test = suite('sent bytes');

/** What somebody outside does while the program waits. */
const outside = `mkfifo go done; (read -r -N 1 < go; printf 'and after it' | dd of=file conv=notrunc status=none; printf x > done) &`;
const modes = [
  { name: 'buffered', options: '--patch-after 1' },
  { name: 'traced', options: '-n' },
];
const calls = [
  { call: 'write', expected: /write sends 12 bytes whose hash is 0x[0-9a-f]{8}$/m },
  { call: 'writev', expected: /writev sends 18 bytes whose hash is 0x[0-9a-f]{8}$/m },
  { call: 'sendto', expected: /sendto sends 12 bytes whose hash is 0x[0-9a-f]{8}$/m },
  { call: 'sendmsg', expected: /sendmsg sends 18 bytes whose hash is 0x[0-9a-f]{8}$/m },
  { call: 'sendmmsg', expected: /sendmmsg sends \d+ bytes whose hash is 0x[0-9a-f]{8}$/m },
  { call: 'open', expected: /openat reads "and after it"$/m },
];
for (const { name, options } of modes) {
  for (const { call, expected } of calls) {
    test(`${call}, ${name}: memory that differs is a divergence`, () =>
      withPlace(async (place) => {
        writeFileSync(place.path('file'), 'before it is\0');
        const guest = compileEdge('changed-from-outside');
        const recorded = await place.sh(`${outside} "$RR" record ${options} -o trace ${guest} file ${call}`);
        assert.is(recorded.status, 0, recorded.story);
        const replay = await place.rr('replay', '-a', 'trace');
        assert.is(replay.status, 1, replay.story);
        assert.match(replay.err, expected, replay.story);
        const found =
          call === 'open' ? /found {5}"before it is"$/m : /found {5}other bytes: their hash is 0x[0-9a-f]{8}$/m;
        assert.match(replay.err, found, replay.story);
      }));
  }
}

for (const { name, options } of modes) {
  test(`rr dump shows the names of files, ${name}`, () =>
    withPlace(async (place) => {
      const guest = compileGuest('buffered/path-calls');
      const recorded = await place.sh(`"$RR" record ${options} -o trace ${guest}`);
      assert.is(recorded.status, 0, recorded.story);
      const dump = await place.rr('dump', '-b', 'trace');
      assert.match(dump.out, /openat\(AT_FDCWD, "\/etc\/ld\.so\.cache", O_RDONLY\|O_CLOEXEC/, dump.story);
      for (const call of ['mkdir', 'rename', 'unlink', 'chdir']) {
        assert.match(dump.out, new RegExp(`\\b${call}\\("[^"]+"`), `${call}: ${dump.story}`);
      }
    }));
}

test.run();
