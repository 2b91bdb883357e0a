/**
 * npm run fuzz:packs [-- --rounds N --seed N]
 *
 * Damages a pack, and what describes a recording in a remote store, `rounds` times each, and reads them. What may come of
 * it: an error of ours in one line, or the right content. No other error, nothing left behind, none longer than a second.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EngineError } from '../../engine/errors.ts';
import { unpackTo } from '../../engine/pack/unpack-trace.ts';
import { ZipWriter } from '../../engine/pack/zip-writer.ts';
import { formatManifest, type Manifest, parseManifest } from '../../engine/remote/manifest.ts';
import { wholeNumber } from '../harness/whole-number.ts';
import { inSlots, writeTrace } from '../trace-fixture.ts';
import { frame, Random } from '../trace-records.ts';
import { damageSome } from './damage.ts';
import { processorTime } from './processor-time.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
});
const rounds = wholeNumber(values.rounds, '--rounds', 1);
const random = new Random(Number(values.seed));
/** Milliseconds. */
const longest = 1000;
/** Bytes that reading may take beyond what it took at first. */
const memoryAllowance = 64 << 20;

// In memory, where there is such a place: thousands of files are made and removed.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'rr-fuzz-'));
const path = join(folder, 'it.rrz');
const output = join(folder, 'out');

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function soundPack(): Promise<Buffer> {
  const trace = join(folder, 'trace');
  mkdirSync(trace);
  await writeTrace(trace, inSlots([frame(1), frame(2)], 2), {});
  const descriptor = openSync(path, 'w');
  const zip = new ZipWriter(descriptor);
  for (const name of ['version', 'events', 'data', 'mmaps', 'tasks']) {
    await zip.add(`trace/${name}`, [readFileSync(join(trace, name))], false);
  }
  for (const text of ['a library', 'another one']) {
    const content = Buffer.from(text.repeat(200));
    const hash = sha256(content);
    await zip.add(`trace/store/${hash.slice(0, 2)}/${hash.slice(2)}`, [content], true);
  }
  zip.finish();
  closeSync(descriptor);
  rmSync(trace, { recursive: true });
  return readFileSync(path);
}

/** The directory of a pack is so near its end: there a change is more than a wrong checksum. Bytes. */
const directoryBytes = 900;

function contentOf(directory: string): string {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map(
      ({ parentPath, name }) =>
        `${join(parentPath, name).slice(directory.length)} ${sha256(readFileSync(join(parentPath, name)))}`,
    )
    .sort()
    .join('\n');
}

/** The error's message, or undefined. @throws what is no error of ours */
async function errorOf(body: () => Promise<unknown> | unknown): Promise<string | undefined> {
  try {
    await body();
    return undefined;
  } catch (error) {
    if (!(error instanceof EngineError) || error.message.includes('\n')) throw error;
    return error.code;
  }
}

const codes = new Map<string, number>();
let slowest = 0;

async function timed(body: () => Promise<string | undefined>): Promise<void> {
  const start = processorTime();
  const code = (await body()) ?? 'right';
  slowest = Math.max(slowest, processorTime() - start);
  codes.set(code, (codes.get(code) ?? 0) + 1);
  if (slowest > longest) throw new Error(`it took ${slowest} ms`);
}

try {
  const sound = await soundPack();
  await unpackTo(path, () => output);
  const right = contentOf(output);
  rmSync(output, { recursive: true });
  const before = process.memoryUsage.rss();
  for (let round = 0; round < rounds; round++) {
    writeFileSync(path, damageSome(sound, random, directoryBytes));
    await timed(async () => {
      const code = await errorOf(() => unpackTo(path, () => output));
      if (code === undefined) {
        // Members that are not named any more are no loss of the others.
        const made = contentOf(output).split('\n');
        if (!made.every((line) => right.includes(line))) throw new Error('another content');
      }
      rmSync(output, { recursive: true, force: true });
      const left = readdirSync(folder).filter((name) => name !== 'it.rrz');
      if (left.length > 0) throw new Error(`left behind: ${left.join(' ')}`);
      return code;
    });
  }
  const bytes = { size: 5, portions: ['a'.repeat(64)] };
  const manifest: Manifest = {
    name: 'x-0',
    created: '2026-01-02T03:04:05Z',
    host: 'here',
    arguments: ['x', 'y'],
    status: 3,
    version: { name: 'version', ...bytes },
    lanes: { events: bytes, data: bytes, mmaps: bytes, tasks: { size: 0, portions: [] } },
    blobs: [{ hash: 'b'.repeat(64), kind: 'file', isSparse: false, ...bytes }],
  };
  const described = formatManifest(manifest);
  for (let round = 0; round < rounds; round++) {
    const changed = damageSome(described, random, directoryBytes);
    await timed(() => errorOf(() => parseManifest(changed, 'x')));
  }
  const grown = process.memoryUsage.rss() - before;
  console.log([...codes].map(([code, count]) => `${code} ${count}`).join(', '));
  console.log(`${2 * rounds} inputs, the slowest ${slowest.toFixed(0)} ms, ${(grown / 2 ** 20).toFixed(0)} MiB more`);
  if (grown > memoryAllowance) throw new Error('too much memory');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
