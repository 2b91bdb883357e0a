// What reads stores, packs and configuration, with damaged input. `npm run fuzz:store` gives it a million.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { StoreFuzzer } from './fuzz/store-fuzzer.ts';
import { withDirectory } from './trace-fixture.ts';

test('damaged content of a store is read or refused, and nothing takes long', () =>
  withDirectory(async (directory) => {
    const fuzzer = await StoreFuzzer.make(directory, 43);
    const { counts } = fuzzer.run(8000);
    for (const [name, { accepted }] of counts) {
      assert.ok(accepted > 0, `${name}: some must get past the checks, or this tests nothing`);
    }
  }));

test.run();
