// Short rounds of what scripts/nightly does for hours: recordings beside busy loops, with a small ring, and stops in mid-code
// that are found again. The fuzzer's is in edge-replay.test.ts, that of chaos mode in chaos.test.ts.
// Time limit: 600 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withPlace } from './edge/place.ts';

const test = suite('torture');

function round(what: string, words: readonly string[], last: RegExp): void {
  test(what, () =>
    withPlace(async (place) => {
      const command = [process.execPath, '--import', 'tsx', 'test/torture/run.ts', ...words];
      const run = await place.run(['env', '-C', process.cwd(), ...command], { limitSeconds: 240 });
      assert.is(run.status, 0, run.story);
      assert.match(run.out, last, run.story);
    }),
  );
}

round(
  'twenty-five recordings of true beside two busy loops',
  ['--soak', '25', '--busy', '2'],
  /\nnone lost, none too slow\n$/,
);
round(
  'a shell and a make, with a small ring and checksums',
  ['--times', '2', '--busy', '1', '--ring-slots', '2', '--checksum', 'every:20'],
  /^make +2 +0 /m,
);
round('stops in mid-code', ['--stops', '1'], /./);

test.run();
