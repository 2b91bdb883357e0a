// Chaos mode finds each of five bugs within 50 recordings, all of which replay; npm run chaos shows more.
import { ok } from 'node:assert/strict';
import { suite } from 'uvu';
import { bugsInRecordings, chaosGuests } from './chaos/find.ts';

const test = suite('chaos');
const most = 50;

for (const guest of chaosGuests) {
  test(`${guest} is found`, async () => {
    const found = await bugsInRecordings(guest, most, (round) => ['--chaos-seed', String(round)], true);
    ok(found.shown > 0, `not in ${most} recordings`);
  });
}

test.run();
