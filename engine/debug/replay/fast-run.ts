/**
 * Runs of a task by a stub in its own code, which counts or compares each pass of an address in a nanosecond where a
 * breakpoint takes forty microseconds (native/replay/point-search.h). Nothing of a debugger's may be in the code.
 */
import { EngineError } from '../../errors.ts';
import { registerIndex } from '../../generated/schema.ts';
import {
  type PointStart,
  pointCounts,
  pointFlags,
  pointResults,
  pointStarts,
  type RegisterWords,
  waitBroken,
} from '../../replay/primitives.ts';
import { newRegisters, register, setRegister } from '../../replay/registers.ts';
import type { Replayer } from '../../replay/replayer.ts';
import type { Task } from '../../replay/task.ts';

/**
 * To the so-manieth arrival at an address from here. The task's registers are those of that place.
 * @throws EngineError NO_PLACE when something else comes first; INTERRUPTED
 */
export function runToPass(replayer: Replayer, task: Task, address: number, count: number, stops: () => boolean): void {
  const target = newRegisters();
  setRegister(target, registerIndex.rip, address);
  search(replayer, task, target, count, pointFlags.ordinalIsSure, stops);
}

/**
 * To the first place from here with these registers where `isIt` holds, too. Returns the number of arrivals at its
 * address up to then; 0: the task stands there.
 * @throws as runToPass
 */
export function runToState(
  replayer: Replayer,
  task: Task,
  target: RegisterWords,
  isIt: () => boolean,
  stops: () => boolean,
): number {
  let passes = 0;
  for (let start: PointStart = pointStarts.standing; ; start = pointStarts.behind) {
    passes += search(replayer, task, target, 0, pointFlags.countAll, stops, start);
    if (isIt()) return passes;
  }
}

function search(
  replayer: Replayer,
  task: Task,
  target: RegisterWords,
  ordinal: number,
  flags: number,
  stops: () => boolean,
  first: PointStart = pointStarts.standing,
): number {
  const { processes, found } = replayer;
  const counts = new Float64Array(pointCounts.size);
  const isFile = task.addressSpace.files.find(register(target, registerIndex.rip)) !== undefined;
  const all = flags | (isFile ? pointFlags.codeStays : 0);
  processes.beginPoint();
  for (let start = first; ; ) {
    const left = ordinal === 0 ? 0 : ordinal - counts[pointCounts.passes]!;
    const status = processes.searchPoint(task.pid, start, task.registers, target, left, all, counts, found, -1);
    if (status === waitBroken) {
      if (stops()) processes.interrupt(task.pid);
      start = pointStarts.running;
      continue;
    }
    task.registers.set(found);
    if (status === pointResults.found) return counts[pointCounts.passes]!;
    if (status === pointResults.goOn) {
      start = pointStarts.behind;
      continue;
    }
    if (stops()) throw new EngineError('INTERRUPTED', 'interrupted on the way to another place');
    throw new EngineError(
      'NO_PLACE',
      `the way to 0x${register(target, registerIndex.rip).toString(16)} is not as it was: another stop (0x${status.toString(16)}) came first`,
    );
  }
}
