/** Forced stops: points in mid-code, found again by the state that the recorder saved (docs/execution-points.md). */
import { dataSize, dataSpaces, type FrameView, frameFlags, registerIndex } from '../../generated/schema.ts';
import { logger } from '../../log.ts';
import { differences, masks, registersEqual, takeRegisters } from '../compare.ts';
import type { Controller } from '../controller.ts';
import {
  type PointCounts,
  type PointSearch,
  type PointStart,
  pointFlags,
  pointParts,
  pointResults,
  pointStarts,
  type ResumeKind,
  resumeKinds,
  searchFor,
  tickResults,
  waitBroken,
} from '../primitives.ts';
import { readFrameRegisters, register, registerText } from '../registers.ts';
import { isProgramAddress } from '../remote-memory.ts';
import type { Replayer } from '../replayer.ts';
import type { Task } from '../task.ts';
import { unshareMappings } from '../unshare-mappings.ts';
import { checkEntries, differingRange } from '../verify-checksums.ts';
import { isDropped, runNear, ticksPassed } from './near-ticks.ts';

const log = logger('replay');

/** A recorder saves some hundred pieces of memory, an XSAVE area, and 24 bytes for each mapping. */
const mostPointBytes = 8 << 20;

const cloneParent = 0x8000;
/** So few passes are counted by stops: a stub costs more. */
const fewPasses = 3;

export function replaySched(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  readFrameRegisters(frame, replayer.expected);
  checkPlace(replayer, frame);
  replayer.prepareToRun(task);
  const { controller } = replayer;
  const search = controller === undefined ? newSearch(replayer, frame, task) : undefined;
  const point = readPoint(replayer, frame, search);
  const hasState = point.some(({ part }) => part !== pointParts.checksums);
  // Stopped right behind a buffered call nothing of the point was saved, since the number of calls tells all.
  if ((frame.flags & frameFlags.buffered) !== 0 && !hasState) {
    arriveBehindBuffer(replayer, frame, task);
    return;
  }
  if (controller !== undefined) arriveControlled(replayer, controller, frame, task, point);
  if (search === undefined) return;
  const found = searchState(replayer, frame, task, search, { isLeft: () => false })!;
  if (!found.byTicks) replayer.ordinals?.note(frame.eventNumber, found.passes);
  replayer.adopt(frame, task);
}

interface FoundPoint {
  /** How often the task came to the address up to the point; 0: it stood there, or it was not counted. */
  readonly passes: number;
  readonly byTicks: boolean;
}

/**
 * The search for a point, which begins where the task stands. Data of the point are still to be added.
 * @param countsAll passes are counted even where that is dear, and the whole way
 */
function newSearch(replayer: Replayer, frame: FrameView, task: Task, countsAll = false): PointSearch {
  const ticks = replayer.ticks?.target(frame, task);
  const isWeak = (frame.flags & frameFlags.weak) !== 0;
  return searchFor(replayer.processes, task.pid, {
    registers: replayer.expected,
    // What is known counts from the segment's beginning.
    ordinal: ticks === undefined && !countsAll ? (replayer.ordinals?.of(frame.eventNumber) ?? 0) : 0,
    flags: searchFlags(replayer, task, ticks, isWeak || countsAll),
    ticks: ticks ?? -1,
  });
}

/**
 * Runs the task to the point. Undefined: the search was left on the way.
 * @param way `isLeft`: asked wherever something from outside has stopped the task, whether the search is to end there
 * @throws Divergence
 */
function searchState(
  replayer: Replayer,
  frame: FrameView,
  task: Task,
  search: PointSearch,
  way: { readonly isLeft: () => boolean },
): FoundPoint | undefined {
  const ticks = replayer.ticks?.target(frame, task);
  const begun = log.shows('debug') ? performance.now() : 0;
  const isWeak = (frame.flags & frameFlags.weak) !== 0;
  const toPassOver = isWeak ? (replayer.weakPoints?.skips(frame.eventNumber) ?? 0) : 0;
  let passedOver = 0;
  let wrong = 0;
  let differing = '';
  replayer.beginWatch();
  if (ticks === undefined) replayer.ticks?.ranOurCode(task);
  else if (!runNear(replayer, frame, task, ticks, way)) return undefined;
  let start: PointStart = pointStarts.standing;
  for (;;) {
    const result = search.run(start, task.registers, replayer.found);
    if (result === waitBroken) {
      replayer.tick(frame, task);
      start = pointStarts.running;
      continue;
    }
    if (result === pointResults.notThere) {
      throw replayer.divergence(frame, task, {
        expected: `the forced stop at pass ${replayer.ordinals?.of(frame.eventNumber)} of its address, as an earlier replay has counted`,
        found: 'another state at that pass',
        registers: differences(replayer.expected, replayer.found, masks.signal),
      });
    }
    if (result === tickResults.passed)
      throw ticksPassed(replayer, frame, task, alikeText(search.counts, wrong, differing));
    if (result === pointResults.badState) throw replayer.malformedEvent(frame, 'has malformed data of a forced stop');
    const stopped = result === pointResults.found || result === pointResults.goOn;
    if (!stopped && !isDropped(replayer, task, result)) {
      const place = registerText(replayer.expected, registerIndex.rip);
      const text = `a forced stop at ${place}, after ${search.counts.hits} stops there (${alikeText(search.counts, wrong, differing)})`;
      throw replayer.stopDivergence(frame, task, text, result);
    }
    // Where something from outside has stopped it nothing was compared, unless it has not run since.
    const isCompared = stopped || registersEqual(replayer.found, task.registers, masks.signal);
    task.registers.set(replayer.found);
    start = isCompared ? pointStarts.behind : pointStarts.standing;
    if (result !== pointResults.found) {
      if (way.isLeft()) return undefined;
      replayer.tick(frame, task);
      continue;
    }
    const unequal = search.counts.unequalChecksum;
    const range = unequal < 0 ? undefined : differingRange(replayer, frame, task, search.checksums, unequal);
    if (range === undefined && passedOver === toPassOver) break;
    if (range === undefined) {
      passedOver++;
    } else {
      differing = `, at ${range}`;
      if (wrong++ === 0) log.debug(() => `event ${frame.eventNumber}: first match wrong${differing}`);
    }
  }
  const { counts } = search;
  const passes = counts.isUncounted ? 0 : counts.passes;
  replayer.costs?.note(frame.eventNumber, task.pid, counts.hits);
  log.debug(
    () =>
      `event ${frame.eventNumber}: forced stop found${ticks === undefined ? '' : ' by its ticks'} after ${counts.hits} stops, ${counts.stubTraps} of them by ${counts.stubs} stubs, ${wrong} wrong, pass ${counts.isUncounted ? 'uncounted' : passes}, ${(1000 * (performance.now() - begun)).toFixed(0)} us for ${((frame.timeNumber - task.time) / 1000).toFixed(0)} us`,
  );
  if (isWeak) replayer.weakPoints?.note(frame.eventNumber);
  return { passes, byTicks: ticks !== undefined };
}

/**
 * The same while somebody drives the replay: which pass of its address the point is must be known before the program
 * runs, since a state may not be compared where code of a debugger's stands, and a loop may not be copied where it wants
 * to stop. Unless it is known from before, a copy of the process is sent ahead.
 */
function arriveControlled(
  replayer: Replayer,
  controller: Controller,
  frame: FrameView,
  task: Task,
  point: readonly PointRecord[],
): void {
  const site = register(replayer.expected, registerIndex.rip);
  const { progress } = replayer;
  progress.passesLeft ??= replayer.ordinals?.of(frame.eventNumber) || undefined;
  for (;;) {
    controller.jump(task);
    if (typeof progress.passesLeft !== 'number') {
      const isKnown = progress.passesLeft === undefined;
      const passes = sendAhead(replayer, controller, frame, task, point);
      // Who wants the task is served by the next jump.
      if (passes === undefined) continue;
      if (isKnown) replayer.ordinals?.note(frame.eventNumber, passes);
      progress.passesLeft = passes;
    }
    if (progress.passesLeft === 0) break;
    const always = progress.passesLeft <= fewPasses || isInJump(task, site);
    controller.watchSite(site, always);
    const steps = controller.beforeRun(task, frame) === 'step';
    // It has come to the site without a stop of ours.
    const left: number = progress.passesLeft;
    if (left === 0) break;
    let status: number;
    if (steps || controller.stopsAtSite) {
      status = resumeControlled(replayer, frame, task, steps ? resumeKinds.sysemuStep : resumeKinds.sysemu);
      const taken = controller.takesStop(task, frame, status);
      replayer.beginWatch();
      if (taken) continue;
    } else {
      const { status: stopped, passes } = runToPass(replayer, frame, task, left);
      status = stopped;
      if (status === pointResults.found) {
        task.registers.set(replayer.found);
        break;
      }
      progress.passesLeft = left - passes;
      const goesOn = status === pointResults.goOn;
      if (goesOn) task.registers.set(replayer.found);
      if (goesOn || controller.takesStop(task, frame, status)) {
        if (register(task.registers, registerIndex.rip) === site) controller.metSite(task);
        continue;
      }
    }
    if (isDropped(replayer, task, status)) {
      takeRegisters(task, replayer.found);
      continue;
    }
    throw replayer.stopDivergence(
      frame,
      task,
      `a forced stop at ${registerText(replayer.expected, registerIndex.rip)}, ${progress.passesLeft} passes on`,
      status,
    );
  }
  controller.watchSite(undefined, false);
  controller.beforeEffects(frame);
  arriveBehindBuffer(replayer, frame, task);
}

function resumeControlled(replayer: Replayer, frame: FrameView, task: Task, how: ResumeKind): number {
  const { processes, found } = replayer;
  let status = processes.resume(task.pid, how, 0, task.registers, found);
  while (status === waitBroken) {
    replayer.tick(frame, task);
    status = processes.wait(task.pid, found);
  }
  return status;
}

/** To that pass of the point's address, or to what stops the task before; with the passes up to there. */
function runToPass(
  replayer: Replayer,
  frame: FrameView,
  task: Task,
  left: number,
): { readonly status: number; readonly passes: number } {
  const { processes, expected, found } = replayer;
  const flags = pointFlags.ordinalIsSure | codeFlags(replayer, task, register(expected, registerIndex.rip));
  const search = searchFor(processes, task.pid, { registers: expected, ordinal: left, flags, ticks: -1 });
  for (let start: PointStart = pointStarts.standing; ; start = pointStarts.running) {
    const status = search.run(start, task.registers, found);
    if (status !== waitBroken) return { status, passes: search.counts.passes };
    replayer.tick(frame, task);
  }
}

/**
 * How often the task will come to the point's address; the copy that has told it is gone. Undefined: it was called back.
 * @throws Divergence
 */
function sendAhead(
  replayer: Replayer,
  controller: Controller,
  frame: FrameView,
  task: Task,
  point: readonly PointRecord[],
): number | undefined {
  controller.lift(task.addressSpace);
  const pid = replayer.processes.clone(task.pid, cloneParent);
  if (pid < 0) throw replayer.callDivergence(frame, task, 'making a process (clone)', pid);
  const before = task.registers.slice();
  const own = task.pid;
  try {
    unshareMappings(replayer, frame, task, pid);
    // A fork copies all but the tiles of AMX (fpu_clone in the kernel).
    const xsave = replayer.processes.getXsave(own);
    replayer.processes.setXsave(pid, xsave, 0, xsave.length);
    task.pid = pid;
    controller.sentAhead(true);
    const search = newSearch(replayer, frame, task, true);
    for (const { part, bytes } of point) if (bytes !== undefined) search.addData(part, bytes, 0, bytes.length);
    return searchState(replayer, frame, task, search, { isLeft: () => controller.callsBack() })?.passes;
  } finally {
    task.pid = own;
    controller.sentAhead(false);
    task.registers.set(before);
    replayer.processes.end(pid);
  }
}

/** A breakpoint is set there, or a jump written: not into our pages. @throws EngineError BAD_EVENT */
function checkPlace(replayer: Replayer, frame: FrameView): void {
  if (isProgramAddress(register(replayer.expected, registerIndex.rip))) return;
  const place = registerText(replayer.expected, registerIndex.rip);
  throw replayer.malformedEvent(frame, `is a forced stop at ${place}, where no program's code is`);
}

function arriveBehindBuffer(replayer: Replayer, frame: FrameView, task: Task): void {
  if (!registersEqual(replayer.expected, task.registers, masks.signal)) {
    replayer.found.set(task.registers);
    throw replayer.registerDivergence(frame, task, masks.signal);
  }
  replayer.adopt(frame, task);
}

function alikeText(counts: PointCounts, wrong: number, differing: string): string {
  return `${counts.sameRegisters} of them with the recorded registers${differenceText(counts)}, ${wrong} alike but for the rest of memory${differing}`;
}

function differenceText({ sameRegisters, differsAt }: PointCounts): string {
  if (sameRegisters === 0) return '';
  return differsAt === 0 ? ' but other vector registers' : ` but other memory at 0x${differsAt.toString(16)}`;
}

/** What a search may do to the code at an address. That of a file stays; other mappings may have that of a shared one, too. */
export function codeFlags(replayer: Replayer, task: Task, address: number): number {
  const mapping = task.addressSpace.files.find(address);
  const ofFile = mapping?.privateKey === undefined ? pointFlags.sharedCode : pointFlags.codeStays;
  return (mapping === undefined ? 0 : ofFile) | (replayer.keepsCode ? pointFlags.oracleOnly : 0);
}

function searchFlags(replayer: Replayer, task: Task, ticks: number | undefined, isWeak: boolean): number {
  const site = register(replayer.expected, registerIndex.rip);
  // A stub would count as well.
  const counterCounts = ticks !== undefined && replayer.ticks!.countsOurCode;
  const oracleOnly = replayer.oracleOnly || counterCounts || isInJump(task, site);
  return (
    (oracleOnly ? pointFlags.oracleOnly : 0) |
    (isWeak ? pointFlags.countAll : pointFlags.checksumsTell) |
    (replayer.countPasses ? pointFlags.countAll : 0) |
    codeFlags(replayer, task, site)
  );
}

/** A jump of ours there would lie in one of the recorder's, or where its hook goes back to. */
function isInJump({ addressSpace: { patched } }: Task, site: number): boolean {
  return patched.at(site) !== undefined || patched.borrowing(site) !== undefined;
}

/** A part of what the recorder saved of the point. */
interface PointRecord {
  readonly part: (typeof pointParts)[keyof typeof pointParts];
  /** Kept where it may be needed again. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * Reads what the recorder saved.
 * @param search of it; without, the bytes are kept, as a driven replay may need them when the trace has been read elsewhere
 */
function readPoint(replayer: Replayer, frame: FrameView, search: PointSearch | undefined): PointRecord[] {
  const records: PointRecord[] = [];
  let total = 0;
  for (let record = replayer.source.nextData(); record !== undefined; record = replayer.source.nextData()) {
    const { space, length, buffer } = record;
    let part: PointRecord['part'];
    if (space === dataSpaces.checksum) {
      checkEntries(replayer, frame, length);
      part = pointParts.checksums;
    } else {
      if (space !== dataSpaces.pointMemory && space !== dataSpaces.pointXsave) {
        throw replayer.malformedEvent(frame, `is a forced stop with data of space ${space}`);
      }
      part = space === dataSpaces.pointXsave ? pointParts.xsave : pointParts.memory;
    }
    total += length;
    if (total > mostPointBytes)
      throw replayer.malformedEvent(frame, `has more than ${mostPointBytes} bytes of a forced stop`);
    const start = record.position + dataSize;
    search?.addData(part, buffer, start, length);
    const bytes = search === undefined ? buffer.slice(start, start + length) : undefined;
    records.push({ part, bytes });
  }
  return records;
}
