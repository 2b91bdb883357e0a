/**
 * npm run fuzz:store [-- --inputs N --seed N]
 *
 * Gives what reads traces, stores, packs and configuration damaged input, a million unless told otherwise. It must take
 * less than a second for each, and 64 MiB of memory in all. The seed makes a run repeatable.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../harness/whole-number.ts';
import { StoreFuzzer } from './store-fuzzer.ts';

/** Bytes. */
const memoryAllowance = 64 << 20;
/** Inputs after which the memory counts: the garbage collector has found its size then. */
const firstInputs = 20_000;

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const inputs = wholeNumber(values.inputs, '--inputs', 1);
// In memory, where there is such a place: files are made for many inputs.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'rr-fuzz-'));
/** Kilobytes at most so far (getrusage(2)). */
const peak = (): number => process.resourceUsage().maxRSS;
try {
  const fuzzer = await StoreFuzzer.make(folder, Number(values.seed));
  fuzzer.run(Math.min(inputs, firstInputs));
  const before = peak();
  const { counts, slowest } = fuzzer.run(inputs);
  const grown = (peak() - before) * 1024;
  for (const [name, { inputs: count, accepted }] of counts) console.log(`${name}: ${count} inputs, ${accepted} read`);
  console.log(
    `the slowest took ${slowest.toFixed(1)} ms, ${(grown / 2 ** 20).toFixed(0)} MiB more, seed ${values.seed}`,
  );
  if (grown > memoryAllowance) throw new Error('too much memory');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
