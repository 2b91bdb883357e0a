// Recordings that travel to S3: s3rver, with our check of signatures before it.
// Time limit: 180 s
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withPlace } from './edge/place.ts';
import { checkJourney, elsewhere, success } from './remote/journey.ts';
import { keys, withS3Server } from './remote/s3-server.ts';

const test = suite('S3');

test('there and back; who asks tells the environment, or a profile', () =>
  withPlace(async (place) => {
    await withS3Server(place.path('buckets'), 'recordings', async (endpoint) => {
      const where = { RR_REMOTE: 's3://recordings/of/tests', AWS_ENDPOINT_URL: endpoint, AWS_CONFIG_FILE: '/dev/null' };
      const variables = { AWS_ACCESS_KEY_ID: keys.id, AWS_SECRET_ACCESS_KEY: keys.secret };
      await checkJourney(place, { ...where, ...variables });
      const wrong = await elsewhere(place, { ...where, ...variables, AWS_SECRET_ACCESS_KEY: 'x' })('ls', '--remote');
      assert.is(wrong.status, 1, wrong.story);
      assert.match(wrong.err, /^rr: [^\n]*HTTP 403 SignatureDoesNotMatch\n$/);

      const credentials = place.path('credentials');
      const profile = { AWS_PROFILE: 'farm', AWS_SHARED_CREDENTIALS_FILE: credentials };
      writeFileSync(credentials, `[farm]\naws_access_key_id = ${keys.id}\naws_secret_access_key = ${keys.secret}\n`);
      assert.match(success(await elsewhere(place, { ...where, ...profile })('ls', '--remote')), /^bash-0-/);

      const nobody = { AWS_EC2_METADATA_DISABLED: 'true', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
      const list = await elsewhere(place, { ...where, ...nobody })('ls', '--remote');
      assert.is(list.status, 1);
      assert.match(list.err, /^rr: [^\n]*nothing says who we are: [^\n]*\n$/, list.story);
    });
  }));

test.run();
