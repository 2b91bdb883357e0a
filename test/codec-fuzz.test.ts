// The decoder of chunks that nobody vouches for. `npm run fuzz:codec` gives it a million.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ChunkFuzzer } from './fuzz/chunk-fuzzer.ts';

test('damaged chunks with right checksums are decoded or refused, and nothing else is touched', () => {
  const { accepted } = new ChunkFuzzer(41).run(8000);
  assert.ok(accepted > 0, 'some must get past the checks, or this tests nothing');
});

test.run();
