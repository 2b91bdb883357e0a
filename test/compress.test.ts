// rr compress: a trace is written again, smaller, and whatever interrupts that leaves the old one or the new one.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { EngineError } from '../engine/errors.ts';
import { compressTrace } from '../engine/trace/compress-trace.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { settleLanes } from '../engine/trace/settle-lanes.ts';
import { formatVersionFile, parseVersionFile } from '../engine/trace/version-file.ts';
import { readRecords } from './fuzz/records.ts';
import { rrCommand } from './harness/recording.ts';
import { inSlots, withDirectory, writeTrace } from './trace-fixture.ts';
import { plausibleRecords, Random } from './trace-records.ts';

const lanes = ['data', 'events', 'mmaps', 'tasks'];
const slots = inSlots([...plausibleRecords(new Random(31), 3000)], 400);
const options = { compression: 'best', workers: 2, onProgress: () => undefined } as const;

function recordsOf(trace: string): string {
  return Buffer.concat(readRecords(trace).records).toString('base64');
}

async function madeTrace(directory: string): Promise<string> {
  const trace = join(directory, 'trace');
  mkdirSync(trace);
  await writeTrace(trace, slots, { slotSize: 1 << 20 });
  return trace;
}

test('a compressed trace has the same records, is smaller, and says so', () =>
  withDirectory(async (directory) => {
    const trace = await madeTrace(directory);
    const expected = recordsOf(trace);
    const { before, after } = await compressTrace(trace, options);
    assert.ok(after < before * 0.8, `${before} bytes before, ${after} now`);
    assert.is(recordsOf(trace), expected);
    const reader = TraceReader.open(trace);
    assert.is(reader.header.compression, 'best');
    assert.ok(reader.complete);
    assert.ok(reader.sizes().events.chunks < slots.length);
    reader.close();
    assert.equal(readdirSync(trace).sort(), [...lanes, 'version']);
    assert.equal(readdirSync(directory), ['trace']);
    // Again, and back.
    await compressTrace(trace, { ...options, compression: 'fast' });
    assert.is(recordsOf(trace), expected);
  }));

test('each state that an interruption leaves is a whole trace', () =>
  withDirectory(async (directory) => {
    const trace = await madeTrace(directory);
    const expected = recordsOf(trace);
    const made = join(directory, 'made');
    cpSync(trace, made, { recursive: true });
    await compressTrace(made, options);
    const suffix = '0123456789abcdef';
    const version = parseVersionFile('version', readFileSync(join(made, 'version')));
    for (let step = 0; step <= lanes.length * 2 + 1; step++) {
      const state = join(directory, `state-${step}`);
      cpSync(trace, state, { recursive: true });
      const [moved, named] = [Math.min(step, lanes.length), step - lanes.length - 1];
      for (const lane of lanes.slice(0, moved)) cpSync(join(made, lane), join(state, `${lane}.${suffix}`));
      if (step > lanes.length) {
        writeFileSync(join(state, 'version'), formatVersionFile({ ...version, lanesSuffix: suffix }));
        for (const lane of lanes.slice(0, named)) renameSync(join(state, `${lane}.${suffix}`), join(state, lane));
      }
      assert.is(recordsOf(state), expected, `step ${step}`);
      settleLanes(state);
      assert.is(recordsOf(state), expected, `settled after step ${step}`);
      if (step > lanes.length) assert.equal(readdirSync(state).sort(), [...lanes, 'version']);
    }
  }));

test('what is in the store stays there', () =>
  withDirectory(async (directory) => {
    const [trace, file] = [join(directory, 'trace'), join(directory, 'file')];
    writeFileSync(file, new Random(3).bytes(300_000));
    const words = ['record', '-o', trace, '--store', join(directory, 'store'), 'sha256sum', file];
    const recorded = spawnSync(rrCommand, words, { encoding: 'utf8', cwd: '/' });
    assert.is(recorded.status, 0, recorded.stderr);
    const sizes = (): number[] => {
      const reader = TraceReader.open(trace);
      const raw = Object.values(reader.sizes()).map(({ rawBytes }) => rawBytes);
      reader.close();
      return raw;
    };
    const before = sizes();
    await compressTrace(trace, options);
    assert.equal(sizes(), before);
    const replayed = spawnSync(rrCommand, ['replay', '-a', trace], { encoding: 'utf8', cwd: '/' });
    assert.is(replayed.stdout, recorded.stdout, replayed.stderr);
  }));

test('a trace that has not ended is left alone', () =>
  withDirectory(async (directory) => {
    const trace = join(directory, 'trace');
    mkdirSync(trace);
    await writeTrace(trace, slots.slice(0, 2), { slotSize: 1 << 20, close: false });
    const before = readdirSync(trace);
    try {
      await compressTrace(trace, options);
      assert.unreachable();
    } catch (error) {
      assert.is((error as EngineError).code, 'TRACE_IN_USE');
    }
    assert.equal(readdirSync(trace), before);
    const { status, stderr } = spawnSync(rrCommand, ['compress', join(directory, 'nothing')], { encoding: 'utf8' });
    assert.is.not(status, 0);
    assert.is(stderr.trim().split('\n').length, 1, stderr);
  }));

test('a suffix that leaves the directory is refused', () =>
  withDirectory(async (directory) => {
    const trace = await madeTrace(directory);
    const version = parseVersionFile('version', readFileSync(join(trace, 'version')));
    writeFileSync(join(trace, 'version'), formatVersionFile({ ...version, lanesSuffix: '/../x' }));
    assert.throws(() => TraceReader.open(trace), /lanesSuffix/);
  }));

test('a command that is killed leaves a readable trace', () =>
  withDirectory(async (directory) => {
    const trace = await madeTrace(directory);
    const expected = recordsOf(trace);
    const random = new Random(5);
    for (let round = 0; round < 8; round++) {
      const child = spawn(rrCommand, ['compress', trace], { stdio: 'ignore', detached: true });
      const ended = once(child, 'exit');
      await Promise.race([ended, delay(100 + random.below(700))]);
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await ended;
      assert.is(recordsOf(trace), expected, `round ${round}`);
      assert.ok(existsSync(join(trace, 'version')));
    }
    const { status, stderr } = spawnSync(rrCommand, ['compress', trace], { encoding: 'utf8' });
    assert.is(status, 0, stderr);
    assert.is(recordsOf(trace), expected);
  }));

test.run();
