/**
 * npm run fuzz:codec [-- --inputs N --seed N]
 *
 * Gives the codec's decoder damaged chunks with right checksums, of each level, a million unless told otherwise. It must
 * give records or an error within a second, and write to nothing but its own areas. The seed makes a run repeatable.
 */
import { parseArgs } from 'node:util';
import { wholeNumber } from '../harness/whole-number.ts';
import { ChunkFuzzer } from './chunk-fuzzer.ts';

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const inputs = wholeNumber(values.inputs, '--inputs', 1);
const fuzzer = new ChunkFuzzer(Number(values.seed));
const { accepted, slowest } = fuzzer.run(inputs);
console.log(
  `${inputs} damaged chunks, ${accepted} decoded, the slowest took ${slowest.toFixed(1)} ms, seed ${values.seed}`,
);
