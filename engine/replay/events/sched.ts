/** Forced stops: points in mid-code, found again by the state that the recorder saved (docs/execution-points.md). */
import { dataSize, dataSpaces, type FrameView, frameFlags, registerIndex } from '../../generated/schema.ts';
import { logger } from '../../log.ts';
import { differences, masks, registersEqual } from '../compare.ts';
import {
  type PointStart,
  pointCounts,
  pointFlags,
  pointParts,
  pointResults,
  pointStarts,
  tickResults,
  waitBroken,
} from '../primitives.ts';
import { readFrameRegisters, register, registerText } from '../registers.ts';
import type { Replayer } from '../replayer.ts';
import type { Task } from '../task.ts';
import { checkEntries, differingRange } from '../verify-checksums.ts';
import { isDropped, runNear, ticksPassed } from './near-ticks.ts';

const log = logger('replay');

export function replaySched(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  readFrameRegisters(frame, replayer.expected);
  replayer.prepareToRun(task);
  const hasState = readPoint(replayer, frame);
  // Stopped right behind a buffered call nothing of the point was saved, since the number of calls tells all.
  if ((frame.flags & frameFlags.buffered) !== 0 && !hasState) {
    arriveBehindBuffer(replayer, frame, task);
    return;
  }
  const counts = new Float64Array(pointCounts.size);
  const ticks = replayer.ticks?.target(frame, task);
  const ordinal = ticks === undefined ? (replayer.ordinals?.of(frame.eventNumber) ?? 0) : 0;
  const begun = log.shows('debug') ? performance.now() : 0;
  const isWeak = (frame.flags & frameFlags.weak) !== 0;
  const toPassOver = isWeak ? (replayer.weakPoints?.skips(frame.eventNumber) ?? 0) : 0;
  let passedOver = 0;
  let wrong = 0;
  let differing = '';
  replayer.beginWatch();
  if (ticks === undefined) replayer.ticks?.ranOurCode(task);
  else runNear(replayer, frame, task, ticks);
  let start: PointStart = pointStarts.standing;
  for (;;) {
    const result = search(replayer, task, counts, start, ordinal, ticks, isWeak);
    if (result === waitBroken) {
      replayer.tick(frame, task);
      start = pointStarts.running;
      continue;
    }
    if (result === pointResults.notThere) {
      throw replayer.divergence(frame, task, {
        expected: `the forced stop at pass ${ordinal} of its address, as an earlier replay has counted`,
        found: 'another state at that pass',
        registers: differences(replayer.expected, replayer.found, masks.signal),
      });
    }
    if (result === tickResults.passed) throw ticksPassed(replayer, frame, task, alikeText(counts, wrong, differing));
    if (result === pointResults.badState) throw replayer.nonsense(frame, 'has malformed data of a forced stop');
    const stopped = result === pointResults.found || result === pointResults.goOn;
    if (!stopped && !isDropped(replayer, task, result)) {
      const place = registerText(replayer.expected, registerIndex.rip);
      const text = `a forced stop at ${place}, after ${counts[pointCounts.hits]} stops there (${alikeText(counts, wrong, differing)})`;
      throw replayer.stopDivergence(frame, task, text, result);
    }
    task.registers.set(replayer.found);
    start = pointStarts.behind;
    if (result !== pointResults.found) {
      replayer.tick(frame, task);
      continue;
    }
    const unequal = counts[pointCounts.unequalChecksum]!;
    const range =
      unequal < 0 ? undefined : differingRange(replayer, frame, task, replayer.processes.pointChecksums(), unequal);
    if (range === undefined && passedOver === toPassOver) break;
    if (range === undefined) {
      passedOver++;
    } else {
      differing = `, at ${range}`;
      if (wrong++ === 0) log.debug(() => `event ${frame.eventNumber}: first match wrong${differing}`);
    }
  }
  const passes = counts[pointCounts.isUncounted] === 0 ? counts[pointCounts.passes]! : 0;
  replayer.costs?.note(frame.eventNumber, task.pid, counts[pointCounts.hits]!);
  log.debug(
    () =>
      `event ${frame.eventNumber}: forced stop found${ticks === undefined ? '' : ' by its ticks'} after ${counts[pointCounts.hits]} stops, ${counts[pointCounts.stubTraps]} of them by ${counts[pointCounts.stubs]} stubs, ${wrong} wrong, pass ${counts[pointCounts.isUncounted] === 0 ? passes : 'uncounted'}, ${(1000 * (performance.now() - begun)).toFixed(0)} us for ${((frame.timeNumber - task.time) / 1000).toFixed(0)} us`,
  );
  if (isWeak) replayer.weakPoints?.note(frame.eventNumber);
  if (ticks === undefined) replayer.ordinals?.note(frame.eventNumber, passes);
  replayer.adopt(frame, task);
}

function arriveBehindBuffer(replayer: Replayer, frame: FrameView, task: Task): void {
  if (!registersEqual(replayer.expected, task.registers, masks.signal)) {
    replayer.found.set(task.registers);
    throw replayer.registerDivergence(frame, task, masks.signal);
  }
  replayer.adopt(frame, task);
}

function alikeText(counts: Float64Array, wrong: number, differing: string): string {
  return `${counts[pointCounts.sameRegisters]} of them with the recorded registers${differenceText(counts)}, ${wrong} alike but for the rest of memory${differing}`;
}

function differenceText(counts: Float64Array): string {
  if (counts[pointCounts.sameRegisters] === 0) return '';
  const address = counts[pointCounts.differsAt]!;
  return address === 0 ? ' but other vector registers' : ` but other memory at 0x${address.toString(16)}`;
}

function search(
  replayer: Replayer,
  task: Task,
  counts: Float64Array,
  start: PointStart,
  ordinal: number,
  ticks: number | undefined,
  isWeak: boolean,
): number {
  const { processes, expected, found } = replayer;
  return processes.searchPoint(
    task.pid,
    start,
    task.registers,
    expected,
    Math.max(0, ordinal - counts[pointCounts.passes]!),
    searchFlags(replayer, task, ticks, isWeak),
    counts,
    found,
    ticks ?? -1,
  );
}

function searchFlags(replayer: Replayer, task: Task, ticks: number | undefined, isWeak: boolean): number {
  const mapping = task.addressSpace.files.find(register(replayer.expected, registerIndex.rip));
  // A stub would count as well; and its jump would show in all other mappings of code that is mapped shared.
  const isShared = mapping !== undefined && mapping.privateKey === undefined;
  const oracleOnly = replayer.oracleOnly || (ticks !== undefined && replayer.ticks!.countsOurCode) || isShared;
  return (
    (oracleOnly ? pointFlags.oracleOnly : 0) |
    (isWeak ? pointFlags.countAll : pointFlags.checksumsTell) |
    (replayer.countPasses ? pointFlags.countAll : 0) |
    (mapping !== undefined ? pointFlags.codeStays : 0)
  );
}

/** Tells the processes what the recorder saved. True when there is memory, or an XSAVE area. */
function readPoint(replayer: Replayer, frame: FrameView): boolean {
  const { processes } = replayer;
  let hasState = false;
  processes.beginPoint();
  for (let record = replayer.source.nextData(); record !== undefined; record = replayer.source.nextData()) {
    const { space, length } = record;
    let part: number;
    if (space === dataSpaces.checksum) {
      checkEntries(replayer, frame, length);
      part = pointParts.checksums;
    } else {
      if (space !== dataSpaces.pointMemory && space !== dataSpaces.pointXsave) {
        throw replayer.nonsense(frame, `is a forced stop with data of space ${space}`);
      }
      part = space === dataSpaces.pointXsave ? pointParts.xsave : pointParts.memory;
      hasState = true;
    }
    processes.addPointData(part, record.buffer, record.position + dataSize, length);
  }
  return hasState;
}
