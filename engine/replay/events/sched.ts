/** Forced stops: points in mid-code, found again by the state that the recorder saved (docs/execution-points.md). */
import {
  type DataRecordView,
  dataSize,
  dataSpaces,
  type FrameView,
  frameFlags,
  registerIndex,
} from '../../generated/schema.ts';
import { logger } from '../../log.ts';
import { differences, masks, registersEqual } from '../compare.ts';
import {
  type PointStart,
  pointResults,
  pointStarts,
  type RegisterWords,
  tickResults,
  waitBroken,
} from '../primitives.ts';
import { readFrameRegisters, register, registerText } from '../registers.ts';
import type { Replayer } from '../replayer.ts';
import type { Task } from '../task.ts';
import { differingRange } from '../verify-checksums.ts';
import { isDropped, runNear, ticksPassed } from './near-ticks.ts';

const log = logger('replay');

/** What the recorder saved of the point, beside the registers. */
interface RecordedPoint {
  /** Of its memory or XSAVE area, which the processes have been told. */
  readonly hasState: boolean;
  /** The payloads of the checksum records: empty for a weak point. */
  readonly checksums: readonly Uint8Array[];
}

export function replaySched(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  readFrameRegisters(frame, replayer.expected);
  replayer.prepareToRun(task);
  const point = readPoint(replayer, frame);
  if (isBehindBuffer(frame, point)) {
    arriveBehindBuffer(replayer, frame, task);
    return;
  }
  const counts = new BigUint64Array(7);
  const ticks = replayer.ticks?.target(frame, task);
  const ordinal = ticks === undefined ? (replayer.ordinals?.of(frame.eventNumber) ?? 0) : 0;
  const begun = performance.now();
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
    const result = search(replayer, task, counts, start, ordinal, ticks, isWeak || replayer.countPasses);
    if (result === waitBroken) {
      replayer.tick(frame, task);
      start = pointStarts.running;
      continue;
    }
    if (result === pointResults.notThere) {
      throw replayer.divergence(frame, task, {
        expected: `the forced stop at pass ${ordinal} of its address, as an earlier replay has counted (file "ordinals")`,
        found: 'another state at that pass',
        registers: differences(replayer.expected, replayer.found, masks.signal),
      });
    }
    if (result === tickResults.passed) throw ticksPassed(replayer, frame, task, alikeText(counts, wrong, differing));
    if (result === pointResults.badState) throw replayer.nonsense(frame, 'has malformed data of a forced stop');
    const stopped = result === pointResults.found || result === pointResults.goOn;
    if (!stopped && !isDropped(replayer, task, result)) {
      const place = registerText(replayer.expected, registerIndex.rip);
      const text = `a forced stop at ${place}, after ${counts[0]} stops there (${alikeText(counts, wrong, differing)})`;
      throw replayer.stopDivergence(frame, task, text, result);
    }
    task.registers.set(replayer.found);
    start = pointStarts.behind;
    if (result !== pointResults.found) {
      replayer.tick(frame, task);
      continue;
    }
    const range = point.checksums
      .map((each) => differingRange(replayer, frame, task, each))
      .find((each) => each !== undefined);
    if (range === undefined && passedOver === toPassOver) break;
    if (range === undefined) {
      passedOver++;
    } else {
      differing = `, at ${range}`;
      if (wrong++ === 0) log.debug(() => `event ${frame.eventNumber}: first match wrong${differing}`);
    }
  }
  log.debug(
    () =>
      `event ${frame.eventNumber}: forced stop found${ticks === undefined ? '' : ' by its ticks'} after ${counts[0]} stops, ${counts[2]} of them by ${counts[1]} stubs, ${wrong} wrong, pass ${counts[6] === 0n ? counts[5] : 'uncounted'}, ${(1000 * (performance.now() - begun)).toFixed(0)} us for ${((frame.timeNumber - task.time) / 1000).toFixed(0)} us${processorTimes(replayer, task)}`,
  );
  if (isWeak) replayer.weakPoints?.note(frame.eventNumber);
  if (ticks === undefined) replayer.ordinals?.note(frame.eventNumber, counts[6] === 0n ? Number(counts[5]) : 0);
  replayer.adopt(frame, task);
}

/** Stopped right behind a buffered call: nothing of the point was saved, since the number of calls tells all. */
function isBehindBuffer(frame: FrameView, point: RecordedPoint): boolean {
  return (frame.flags & frameFlags.buffered) !== 0 && !point.hasState;
}

function arriveBehindBuffer(replayer: Replayer, frame: FrameView, task: Task): void {
  if (!registersEqual(replayer.expected, task.registers, masks.signal)) {
    replayer.found.set(task.registers);
    throw replayer.registerDivergence(frame, task, masks.signal);
  }
  replayer.adopt(frame, task);
}

/** Of the process and of ours, since their start: two points tell what the way from one to the other cost. */
function processorTimes(replayer: Replayer, task: Task): string {
  const { user, system } = process.cpuUsage();
  const used = 1e6 * replayer.processes.processorTime(task.pid);
  return `, at ${used.toFixed(0)} and ${user + system} us of processor time`;
}

function alikeText(counts: BigUint64Array, wrong: number, differing: string): string {
  return `${counts[3]} of them with the recorded registers${differenceText(counts)}, ${wrong} alike but for the rest of memory${differing}`;
}

function differenceText(counts: BigUint64Array): string {
  if (counts[3] === 0n) return '';
  return counts[4] === 0n ? ' but other vector registers' : ` but other memory at 0x${counts[4]!.toString(16)}`;
}

function search(
  replayer: Replayer,
  task: Task,
  counts: BigUint64Array,
  start: PointStart,
  ordinal: number,
  ticks: number | undefined,
  countAll: boolean,
): number {
  const { processes, expected, found } = replayer;
  // A stub would count as well; and its jump would show in all other mappings of code that is mapped shared.
  const oracleOnly =
    replayer.oracleOnly || (ticks !== undefined && replayer.ticks!.countsOurCode) || isShared(task, expected);
  return processes.searchPoint(
    task.pid,
    start,
    task.registers,
    expected,
    Math.max(0, ordinal - Number(counts[5])),
    oracleOnly,
    counts,
    found,
    ticks ?? -1,
    countAll,
  );
}

/** Whether the point's address lies in a shared mapping. */
function isShared(task: Task, expected: RegisterWords): boolean {
  const mapping = task.addressSpace.files.find(register(expected, registerIndex.rip));
  return mapping !== undefined && mapping.privateKey === undefined;
}

function payload(record: DataRecordView): Uint8Array {
  const start = record.position + dataSize;
  return record.buffer.slice(start, start + record.length);
}

function readPoint(replayer: Replayer, frame: FrameView): RecordedPoint {
  const checksums: Uint8Array[] = [];
  let hasState = false;
  replayer.processes.beginPoint();
  for (let record = replayer.source.nextData(); record !== undefined; record = replayer.source.nextData()) {
    const { space } = record;
    switch (space) {
      case dataSpaces.pointMemory:
      case dataSpaces.pointXsave: {
        const isXsave = space === dataSpaces.pointXsave;
        replayer.processes.addPointData(isXsave, record.buffer, record.position + dataSize, record.length);
        hasState = true;
        break;
      }
      case dataSpaces.checksum:
        checksums.push(payload(record));
        break;
      default:
        throw replayer.nonsense(frame, `is a forced stop with data of space ${space}`);
    }
  }
  return { hasState, checksums };
}
