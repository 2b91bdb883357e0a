/**
 * npm run chaos [-- --runs N --plain N --chaos N --first-seed N]: how often the bugs of test/guests/chaos show in runs without a
 * recording, in plain recordings and under chaos (seeds 1 to N, or from another on). Every recording is replayed. Prints a table; status 1
 * when chaos misses one of the bugs or a recording does not replay.
 */
import { parseArgs } from 'node:util';
import { formatTable } from '../harness/table.ts';
import { bugsInRecordings, bugsInRuns, chaosGuests } from './find.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '500' },
    plain: { type: 'string', default: '50' },
    chaos: { type: 'string', default: '50' },
    'first-seed': { type: 'string', default: '1' },
  },
});

const firstSeed = Number(values['first-seed']);
const rows: string[][] = [];
let missed = 0;
for (const guest of chaosGuests) {
  const runs = await bugsInRuns(guest, Number(values.runs));
  const plain = await bugsInRecordings(guest, Number(values.plain), () => [], false);
  const chaos = await bugsInRecordings(
    guest,
    Number(values.chaos),
    (round) => ['--chaos-seed', String(firstSeed + round - 1)],
    false,
  );
  if (chaos.shown === 0) missed++;
  rows.push([guest, `${runs}`, `${plain.shown}`, `${chaos.shown}`, chaos.first === 0 ? 'never' : `${chaos.first}`]);
}
const [runs, plain, chaos] = [values.runs, values.plain, values.chaos];
console.log(formatTable(['bug', `of ${runs} runs`, `of ${plain} recordings`, `of ${chaos} chaos`, 'first'], rows));
process.exitCode = missed === 0 ? 0 : 1;
