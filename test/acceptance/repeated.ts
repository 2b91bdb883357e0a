/** A group of programs, each recorded and replayed many times: one table for all rounds. */
import { whyNotRun } from '../harness/missing-commands.ts';
import type { RecordingMode } from '../harness/modes.ts';
import { formatSeconds, formatTable } from '../harness/table.ts';
import { countForcedStops, readTraceFigures } from '../harness/trace-figures.ts';
import type { AcceptanceProgram } from './program.ts';
import { runProgram } from './run-program.ts';

/** From how many recordings on all being the same is no accident, in a program that races. */
const enoughToDiffer = 10;

const header = ['program', 'passed', 'native s', 'record s', 'replay s', 'events', 'stops', 'per native s', 'weak'];

interface Sums {
  passed: number;
  native: number;
  record: number;
  replay: number;
  events: number;
  stops: number;
  weak: number;
}

/** Prints the table's row of each program as it is done, and the failures before it; returns the failures. */
export async function runRepeated(
  programs: readonly AcceptanceProgram[],
  mode: RecordingMode,
  times: number,
): Promise<readonly string[]> {
  const failures: string[] = [];
  const rows: string[][] = [];
  for (const program of programs) {
    const reason = whyNotRun(program);
    if (reason !== undefined) {
      console.log(reason);
      rows.push([program.name, 'skipped', ...header.slice(2).map(() => '')]);
      continue;
    }
    const sums: Sums = { passed: 0, native: 0, record: 0, replay: 0, events: 0, stops: 0, weak: 0 };
    const outputs = new Set<string>();
    const failed = (what: string): void => {
      failures.push(what);
      console.log(`${what}\n`);
    };
    for (let round = 1; round <= times; round++) {
      try {
        await runProgram(program, mode, ({ native, record, replay, traceDirectory }) => {
          const { stops, weak } = countForcedStops(traceDirectory);
          sums.passed++;
          sums.native += native.seconds;
          sums.record += record.seconds;
          sums.replay += replay.seconds;
          sums.events += readTraceFigures(traceDirectory).events;
          sums.stops += stops;
          sums.weak += weak;
          outputs.add(record.stdout.hash);
        });
      } catch (error) {
        failed(`round ${round} of ${times}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (program.races === true && sums.passed >= enoughToDiffer && outputs.size < 2) {
      failed(`${program.name}: ${sums.passed} recordings all print the same, though the program races`);
    }
    const mean = (sum: number): number => sum / Math.max(1, sums.passed);
    rows.push([
      program.name,
      `${sums.passed} of ${times}`,
      formatSeconds(mean(sums.native)),
      formatSeconds(mean(sums.record)),
      formatSeconds(mean(sums.replay)),
      mean(sums.events).toFixed(0),
      String(sums.stops),
      (sums.stops / Math.max(sums.native, Number.EPSILON)).toFixed(1),
      String(sums.weak),
    ]);
    console.log(`${program.name}: ${sums.passed} of ${times}`);
  }
  console.log(`\n${formatTable(header, rows)}\n`);
  return failures;
}
