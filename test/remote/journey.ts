/** A recording that goes to a remote store and comes back on another machine. */
import { readdirSync, rmSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { Place, Run } from '../edge/place.ts';

export function success(run: Run): string {
  assert.is(run.err, '', run.story);
  assert.is(run.status, 0, run.story);
  return run.out;
}

export async function recorded(place: Place): Promise<Run> {
  const run = await place.rr('record', 'bash', '-c', 'echo out; md5sum /bin/ls; exit 3');
  assert.is(run.status, 3, run.story);
  return run;
}

export type Environment = Readonly<Record<string, string>>;

/** Commands of another machine: it has a root of its own. */
export function elsewhere(place: Place, environment: Environment = {}): (...words: string[]) => Promise<Run> {
  const env = { ...environment, _RR_TRACE_DIR: place.path('elsewhere') };
  return (...words) => place.sh('"$RR" "$@"', { env, args: words });
}

/** Pushes, lists, pulls and replays. */
export async function checkJourney(place: Place, environment: Environment): Promise<void> {
  const record = await recorded(place);
  const there = elsewhere(place, environment);
  const here = (...words: string[]) => place.sh('"$RR" "$@"', { env: environment, args: words });
  const name = success(await here('push')).trim();
  assert.match(name, /^bash-0-[0-9a-f]{8}$/);
  const again = JSON.parse(success(await here('push', '--json', 'bash-0')));
  assert.equal([again.name, again.sentBytes], [name, 0]);
  assert.ok(again.totalBytes > 1_000_000);
  assert.is(success(await there('ls', '--remote')), `${name}\n`);
  assert.is(success(await there('ls', '--remote', 'other')), '');
  assert.match(success(await there('ls', '--remote', '-l')), new RegExp(`\\n${name} .* 3  bash -c 'echo out; `));
  rmSync(place.traces, { recursive: true });
  assert.is(success(await there('pull', name)), `${place.path('elsewhere/bash-0')}\n`);
  const replay = await there('replay', '-a', 'bash-0');
  assert.is(replay.out, record.out, replay.story);
  assert.is(replay.status, 0);
  assert.equal(readdirSync(place.path('elsewhere')).sort(), ['.store', 'bash-0']);
  const twice = await there('pull', name);
  assert.is(twice.status, 1);
  assert.match(twice.err, /^rr: [^\n]*bash-0 exists: name another with -o, or remove it\n$/);
  const other = JSON.parse(success(await there('pull', '--json', again.hash, '-o', place.path('again'))));
  // The mapped files are here already.
  assert.ok(other.receivedBytes < 200_000, `${other.receivedBytes} bytes`);
}
