// `sudo rr record --setuid-sudo`: the program is the caller's, and set-user-id programs of his keep their rights.
import { chmodSync, chownSync, copyFileSync, mkdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asNobody, isRoot, withPlace } from './edge/place.ts';

const test = suite('edge: sudo');
const testAsRoot = isRoot ? test : test.skip;

testAsRoot('the program runs as the user who called sudo, and set-user-id has its effect', () =>
  withPlace(async (place) => {
    mkdirSync(place.traces);
    copyFileSync('/usr/bin/id', place.path('root-id'));
    chownSync(place.path('root-id'), 0, 0);
    chmodSync(place.path('root-id'), 0o4755);
    const script = 'id -u; ./root-id -u; ./root-id -ru';
    const env = { SUDO_UID: '65534', SUDO_GID: '65534' };
    const recorded = await place.sh(`"$RR" record --setuid-sudo /bin/sh -c '${script}'`, { env });
    assert.is(recorded.status, 0, recorded.story);
    assert.is(recorded.out, '65534\n0\n65534\n');
    const replayed = await place.rr('replay', '-a');
    assert.is(replayed.status, 0, replayed.story);
    assert.is(replayed.out, recorded.out);
  }),
);

testAsRoot('without sudo it says how it is started', () =>
  withPlace(async (place) => {
    mkdirSync(place.traces);
    chmodSync(place.traces, 0o777);
    const root = await place.sh('unset SUDO_UID; "$RR" record --setuid-sudo true');
    assert.is(root.status, 1);
    assert.match(root.err, /^rr: record --setuid-sudo: SUDO_UID is not set; start it as `sudo rr record/);
    const nobody = await place.sh('exec "$@"', { args: [...asNobody, 'sh', '-c', '"$RR" record --setuid-sudo true'] });
    assert.is(nobody.status, 1);
    assert.match(nobody.err, /^rr: record --setuid-sudo: this is not root; /);
    assert.equal(place.traceNames(), []);
  }),
);

test.run();
