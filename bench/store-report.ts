/**
 * What recordings take that share one store: many short programs, recorded two at once; and a `make` that is recorded
 * twice. All are replayed, and the store is verified.
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { prepareBy, writeCProject } from '../test/acceptance/sources.ts';
import { rrCommand } from '../test/harness/recording.ts';
import { formatBytes, formatTable } from '../test/harness/table.ts';
import { folderBytes } from '../test/harness/trace-figures.ts';
import { type MeasureOptions, measure } from './measure.ts';
import type { BenchPlaces } from './places.ts';
import { writeShortPrograms } from './short-programs.ts';

const python = '/usr/bin/python3';
/** Recordings at once. */
const together = 2;
const cFiles = 200;

const lanes = ['events', 'data', 'mmaps', 'tasks'] as const;

/** Bytes by what they are. */
class Sizes {
  readonly #bytes = new Map<string, number>();

  add(what: string, bytes: number): void {
    this.#bytes.set(what, (this.#bytes.get(what) ?? 0) + bytes);
  }

  get total(): number {
    return [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  of(what: string): number {
    return this.#bytes.get(what) ?? 0;
  }
}

const columns = [...lanes, 'version', 'pieces', 'other', 'files'] as const;

function addTrace(sizes: Sizes, trace: string): void {
  for (const name of readdirSync(trace)) {
    const isLane = (lanes as readonly string[]).includes(name);
    sizes.add(isLane ? name : 'version', statSync(join(trace, name)).size);
  }
}

/** Whole files lie in folders of two digits. */
function addStore(sizes: Sizes, store: string): void {
  for (const name of readdirSync(store)) {
    const path = join(store, name);
    const what = name === 'pieces' ? 'pieces' : /^[0-9a-f]{2}$/.test(name) ? 'files' : 'other';
    sizes.add(what, statSync(path).isDirectory() ? folderBytes(path) : statSync(path).size);
  }
}

function row(name: string, sizes: Sizes): string[] {
  const small = sizes.total - sizes.of('files');
  return [name, ...columns.map((what) => formatBytes(sizes.of(what))), formatBytes(small)];
}

const header = ['', ...columns, 'all but files'];

async function checkAll(traces: readonly string[], store: string, options: MeasureOptions): Promise<void> {
  for (const trace of traces) await measure([rrCommand, 'replay', '-a', trace], options);
  await measure([rrCommand, 'store', 'verify', '--store', store], options);
}

async function reportShortPrograms(places: BenchPlaces, count: number): Promise<void> {
  const folder = join(places.folder, 'programs');
  const store = join(places.folder, 'short-store');
  mkdirSync(folder);
  mkdirSync(store, { mode: 0o700 });
  const programs = writeShortPrograms(folder).slice(0, count);
  const traces = programs.map((name) => join(places.folder, `trace-${name}`));
  let next = 0;
  const recordAll = async (worker: number): Promise<void> => {
    const scratch = join(places.scratch, String(worker));
    mkdirSync(scratch);
    for (let at = next++; at < programs.length; at = next++) {
      const words = [rrCommand, 'record', '-o', traces[at]!, '--store', store, '--compress', python, programs[at]!];
      await measure(words, { cwd: folder, scratch, limitSeconds: 60 });
    }
  };
  await Promise.all(Array.from({ length: together }, (_, worker) => recordAll(worker)));
  const sizes = new Sizes();
  for (const trace of traces) addTrace(sizes, trace);
  addStore(sizes, store);
  console.log(formatTable(header, [row(`${programs.length} short programs`, sizes)]));
  await checkAll(traces, store, { cwd: folder, scratch: places.scratch, limitSeconds: 60 });
  console.log('all replayed, the store is right\n');
}

async function reportMake(places: BenchPlaces): Promise<void> {
  const folder = join(places.folder, 'project');
  const store = join(places.folder, 'make-store');
  mkdirSync(store, { mode: 0o700 });
  const options = { cwd: folder, scratch: places.scratch, limitSeconds: 600 };
  const rows: string[][] = [];
  const totals: number[] = [];
  const traces: string[] = [];
  let before = new Sizes();
  for (const round of ['first make', 'second make']) {
    writeCProject(folder, cFiles);
    prepareBy(folder, 'sh', '-c', 'rm -f *.o project');
    const trace = join(places.folder, round.replace(' ', '-'));
    traces.push(trace);
    await measure([rrCommand, 'record', '-o', trace, '--store', store, '--compress', 'make', '-j2'], options);
    const stored = new Sizes();
    addStore(stored, store);
    const sizes = new Sizes();
    addTrace(sizes, trace);
    for (const what of ['pieces', 'other', 'files']) sizes.add(what, stored.of(what) - before.of(what));
    before = stored;
    rows.push(row(round, sizes));
    totals.push(sizes.total);
  }
  console.log(formatTable(header, rows));
  console.log(`the second takes ${((100 * totals[1]!) / totals[0]!).toFixed(1)} % of the first`);
  await checkAll(traces, store, { ...options, cwd: places.folder });
  console.log('both replayed, the store is right');
}

/** @param only names of parts: `short`, `make` */
export async function reportStore(places: BenchPlaces, only: readonly string[] = ['short', 'make']): Promise<void> {
  if (only.includes('short')) await reportShortPrograms(places, Number(process.env.RR_BENCH_PROGRAMS ?? 156));
  if (only.includes('make')) await reportMake(places);
}
