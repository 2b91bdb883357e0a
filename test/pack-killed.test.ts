// kill -9 of what makes packs and moves recordings, at moments of all kinds: what has a name is whole, and the next try works.
// Time limit: 300 s
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Place, withPlace } from './edge/place.ts';
import { rrCommand } from './harness/recording.ts';
import { ContentServer } from './remote/content-server.ts';
import { elsewhere, success } from './remote/journey.ts';

const test = suite('killed while it moves');

/** Runs rr, and kills it when `when` is done. */
async function killed(place: Place, root: string, words: readonly string[], when: Promise<unknown>): Promise<void> {
  const env = { ...process.env, _RR_TRACE_DIR: root, XDG_CACHE_HOME: place.path('cache') };
  const child = spawn(rrCommand, words, { cwd: place.folder, env, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await Promise.race([when, ended]);
  child.kill('SIGKILL');
  await ended;
}

const milliseconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count));
const moments = [60, 110, 160, 210, 260, 320, 400, 500];

async function withRecording(use: (place: Place) => Promise<void>): Promise<void> {
  await withPlace(async (place) => {
    const record = await place.rr('record', '-o', 'trace', 'bash', '-c', 'md5sum /bin/ls');
    assert.is(record.status, 0, record.story);
    await use(place);
  });
}

async function replays(place: Place, trace: string): Promise<void> {
  const replay = await place.rr('replay', '-a', trace);
  assert.is(replay.status, 0, replay.story);
  assert.match(replay.out, /^[0-9a-f]{32} /);
}

test('pack to a file', () =>
  withRecording(async (place) => {
    for (const moment of moments) {
      await killed(place, place.traces, ['pack', 'trace', '-o', 'it.rrz'], milliseconds(moment));
      if (existsSync(place.path('it.rrz'))) success(await place.rr('ps', 'it.rrz'));
      rmSync(place.path('it.rrz'), { force: true });
    }
    success(await place.rr('pack', 'trace', '-o', 'it.rrz'));
    await replays(place, 'it.rrz');
  }));

test('pack in place', () =>
  withRecording(async (place) => {
    for (const moment of moments) {
      await killed(place, place.traces, ['pack', 'trace'], milliseconds(moment));
      const names = readdirSync(place.path('trace'));
      assert.ok(!(names.includes('store') && names.includes('store.new')), names.join(' '));
      await replays(place, 'trace');
      rmSync(place.path('trace/store'), { recursive: true, force: true });
    }
    success(await place.rr('pack', 'trace'));
    assert.not(existsSync(place.path('trace/store.new')));
    await replays(place, 'trace');
  }));

test('push and pull', () =>
  withRecording(async (place) => {
    await using server = await ContentServer.start();
    const after = (method: string, count: number): Promise<void> =>
      new Promise((resolve) => {
        server.misbehave = (asked) => {
          if (asked.method === method && --count < 0) resolve();
          return false;
        };
      });
    for (const count of [0, 1, 3, 8]) {
      await killed(place, place.traces, ['push', server.url, 'trace'], after('PUT', count));
    }
    server.misbehave = () => false;
    const name = success(await place.rr('push', server.url, 'trace')).trim();
    const there = elsewhere(place);
    for (const count of [0, 1, 3, 8, 15]) {
      await killed(place, place.path('elsewhere'), ['pull', server.url, name], after('GET', count));
      if (existsSync(place.path('elsewhere/trace'))) assert.is((await there('replay', '-a', 'trace')).status, 0);
      rmSync(place.path('elsewhere/trace'), { recursive: true, force: true });
    }
    server.misbehave = () => false;
    success(await there('pull', server.url, name));
    assert.is((await there('replay', '-a', 'trace')).status, 0);
  }));

test.run();
