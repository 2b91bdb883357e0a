/**
 * npm run bench [-- --only NAME... --runs N --no-peers --container --json FILE]
 *
 * Measures each workload natively (on any processor, and on one), recorded and replayed; medians of N runs (5). Prints
 * one table, in which installed peers have lines of their own, and one of what the tracer asks of the kernel, in one more
 * recording of each; writes all figures as JSON. With --container all of
 * it runs as an unprivileged user under what a container's default profile refuses, without peers.
 *
 * npm run bench -- trace [--only NAME... --sizes] reports on the traces themselves, and on the codec beside others
 * (trace-report.ts, codec-report.ts); with --sizes on no speeds.
 * npm run bench -- store [--only short|make] reports on what recordings take that share a store (store-report.ts).
 * npm run bench -- debug [--only TEXT...] measures a debugger's session (debug.ts).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compile } from '../test/harness/compile.ts';
import { whyNotRun } from '../test/harness/missing-commands.ts';
import { rrCommand } from '../test/harness/recording.ts';
import { folderBytes, readTraceFigures, type TraceFigures } from '../test/harness/trace-figures.ts';
import { wholeNumber } from '../test/harness/whole-number.ts';
import { benchDebugger } from './debug.ts';
import { benchFolder, type Measurement, type MeasureOptions, measure, median } from './measure.ts';
import { findPeers, measurePeer, type PeerResult } from './peers.ts';
import { BenchPlaces } from './places.ts';
import { type BenchResult, formatResults, formatTracerCalls } from './report.ts';
import { reportStore } from './store-report.ts';
import { reportTraces } from './trace-report.ts';
import { countTracerCalls } from './tracer-calls.ts';
import type { Workload } from './workload.ts';
import { benchWorkloads } from './workloads.ts';

const limitSeconds = 600;
const nobody = 65534;
/** A recording binds itself to one; native runs are given the last. */
const oneCpu = cpus().length - 1;

async function repeat(times: number, run: () => Promise<Measurement>): Promise<Measurement[]> {
  const results: Measurement[] = [];
  for (let i = 0; i < times; i++) results.push(await run());
  return results;
}

const seconds = (runs: readonly Measurement[]): number => median(runs.map((run) => run.seconds));
const peak = (runs: readonly Measurement[]): number => Math.max(...runs.map((run) => run.peakBytes));

async function measureWorkload(
  workload: Workload,
  runs: number,
  places: BenchPlaces,
  withPeers: boolean,
  confined: readonly string[],
): Promise<BenchResult> {
  const options = {
    scratch: places.scratch,
    limitSeconds,
    ...(workload.env === undefined ? {} : { env: workload.env }),
  };
  const alone = (cpu?: number): Promise<Measurement> =>
    measure([...confined, ...workload.command], {
      ...options,
      cwd: places.work(workload),
      ...(cpu === undefined ? {} : { cpu }),
    });
  const native = await repeat(runs, () => alone());
  const nativeOneCpu = await repeat(runs, () => alone(oneCpu));

  const recordWords = [...confined, rrCommand, 'record', '-o', places.trace, '--store', places.store, '--compress'];
  const storeBefore = folderBytes(places.store);
  const command = [...recordWords, ...(workload.recordOptions ?? []), ...workload.command];
  const recorded = <Result>(
    by: (words: readonly string[], way: MeasureOptions) => Promise<Result>,
  ): Promise<Result> => {
    places.clearTrace();
    return by(command, { ...options, cwd: places.work(workload) });
  };
  const record = await repeat(runs, () => recorded(measure));
  const trace: TraceFigures = readTraceFigures(places.trace);
  const storeBytes = folderBytes(places.store) - storeBefore;
  const replay = await repeat(runs, () =>
    measure([...confined, rrCommand, 'replay', '-a', places.trace], { ...options, cwd: places.folder }),
  );
  // The store holds by now what the workload maps.
  const tracerCalls = await recorded(countTracerCalls);
  const peers: PeerResult[] = [];
  for (const peer of withPeers ? findPeers().filter((each) => each.takes(workload)) : []) {
    peers.push(await measurePeer(peer, workload, { cwd: places.work(workload), scratch: places.scratch }));
  }
  return {
    name: workload.name,
    command: workload.command,
    native: seconds(native),
    nativeOneCpu: seconds(nativeOneCpu),
    record: seconds(record),
    replay: seconds(replay),
    recordPeakBytes: peak(record),
    replayPeakBytes: peak(replay),
    recordCpuSeconds: median(record.map((run) => run.cpuSeconds)),
    tracerCalls,
    trace,
    storeBytes,
    ...(workload.units === undefined ? {} : { units: workload.units }),
    peers,
  };
}

function chooseWorkloads(only: readonly string[] | undefined): readonly Workload[] {
  const all = benchWorkloads();
  const unknown = (only ?? []).filter((name) => !all.some((workload) => workload.name === name));
  if (unknown.length > 0) {
    console.error(
      `--only ${unknown.join(', ')}: no such workload; there are ${all.map(({ name }) => name).join(', ')}`,
    );
    process.exit(2);
  }
  return only === undefined ? all : all.filter(({ name }) => only.includes(name));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true },
    runs: { type: 'string', default: '5' },
    peers: { type: 'boolean', default: true },
    container: { type: 'boolean', default: false },
    sizes: { type: 'boolean', default: false },
    json: { type: 'string', default: 'build/bench.json' },
  },
  allowNegative: true,
});
const runs = wholeNumber(values.runs, '--runs', 1);
if (positionals[0] === 'debug') process.exit((await benchDebugger(values.only)) > 0 ? 1 : 0);
const workloads = positionals[0] === 'store' ? [] : chooseWorkloads(values.only);
const withoutPrivilege = values.container && process.getuid?.() === 0;
const confined = [
  ...(withoutPrivilege ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--'] : []),
  ...(values.container ? [compile(join(benchFolder, '../test/edge/refuse.c')), 'container'] : []),
];
using places = new BenchPlaces(withoutPrivilege ? nobody : undefined);
if (positionals[0] === 'trace') {
  await reportTraces(workloads, places, !values.sizes);
} else if (positionals[0] === 'store') {
  await reportStore(places, values.only);
} else if (positionals.length > 0) {
  console.error(`unknown word ${positionals[0]}: expected nothing, trace, store or debug`);
  process.exitCode = 2;
} else {
  const results: BenchResult[] = [];
  let failed = 0;
  for (const workload of workloads) {
    const reason = whyNotRun(workload);
    if (reason !== undefined) {
      console.error(reason);
      continue;
    }
    try {
      const result = await measureWorkload(workload, runs, places, values.peers && !values.container, confined);
      results.push(result);
      console.error(`${workload.name}: record ${result.record.toFixed(3)} s, replay ${result.replay.toFixed(3)} s`);
    } catch (error) {
      failed++;
      console.log(`${workload.name}: FAILED: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const first = results.find(({ name }) => name === 'true');
  const startup = first === undefined ? 0 : first.record - first.native;
  if (first === undefined) console.log('\nwithout the row `true`, the columns `each` hold the start-up too');
  console.log(`\n${formatResults(results, startup)}`);
  console.log(`\n${formatTracerCalls(results, first?.tracerCalls)}`);
  const file = resolve(values.json);
  mkdirSync(dirname(file), { recursive: true });
  const machine = {
    processors: cpus().length,
    model: cpus()[0]?.model ?? '',
    memoryBytes: totalmem(),
    node: process.version,
  };
  writeFileSync(file, `${JSON.stringify({ machine, runs, results }, undefined, 2)}\n`);
  console.log(`\nall figures: ${file}`);
  if (failed > 0) process.exitCode = 1;
}
