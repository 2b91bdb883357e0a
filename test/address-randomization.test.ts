// Whether the addresses of recorded programs are randomised.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Place, withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';

const test = suite('address randomization');
const guest = compileGuest('identity/addresses');

/** What each of some recordings printed: all must replay. */
async function recordings(place: Place, ...words: string[]): Promise<Set<string>> {
  const texts = new Set<string>();
  for (let i = 0; i < 4; i++) {
    const record = await place.rr('record', ...words, guest);
    assert.is(record.status, 0, record.story);
    const replay = await place.rr('replay', '-a');
    assert.is(replay.status, 0, replay.story);
    assert.is(replay.out, record.out);
    texts.add(record.out);
  }
  return texts;
}

test('it is off in recordings, for the program and its children', () =>
  withPlace(async (place) => {
    const texts = await recordings(place);
    assert.is(texts.size, 1, [...texts].join('\n'));
    assert.match([...texts][0]!, /^code 0x[0-9a-f]+, stack .*, mapping .*, heap .*\nchild: code .*\n$/);
  }));

for (const words of [['--randomize-addresses'], ['--chaos']]) {
  test(`${words.join(' ')} leaves it on`, () =>
    withPlace(async (place) => assert.ok((await recordings(place, ...words)).size > 1)));
}

test('a child that is left unrecorded gets it back', () =>
  withPlace(async (place) => {
    const script = 'sh -c "env bash -c \'cat /proc/self/personality\'"';
    for (const words of [[], ['--skip', 'env']]) {
      const record = await place.rr('record', ...words, 'sh', '-c', script);
      assert.is(record.status, 0, record.story);
      assert.match(record.out, /^00000000\n$/, record.story);
    }
  }));

test('what is set outside of the recording is the program’s own', () =>
  withPlace(async (place) => {
    const record = await place.sh('setarch -R "$RR" record cat /proc/self/personality');
    assert.is(record.status, 0, record.story);
    assert.is(record.out, '00040000\n');
  }));

test.run();
