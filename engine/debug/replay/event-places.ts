/** What the frame of an event says of the code: where its task came to, and what can be done on the way there. */
import { eventKinds, type FrameView, frameFlags, registerIndex, trapKinds } from '../../generated/schema.ts';
import { trapFlag } from '../../replay/registers.ts';
import { sigtrap } from '../../replay/wait-status.ts';
import { syscallNumbers } from '../../syscalls/numbers.ts';

/** Whether a checkpoint on the way to that event can be gone on from: nothing of the replay's own is in the memory. */
export function isResumable(frame: FrameView): boolean {
  switch (frame.eventKind) {
    case eventKinds.syscall:
    case eventKinds.syscallEnter:
      return (frame.flags & frameFlags.vsyscall) === 0;
    case eventKinds.trap:
    case eventKinds.sched:
      return true;
    default:
      return false;
  }
}

const rdtscpKind = trapKinds.rdtscp;

/** Where a task comes to on its way to an event. */
export interface EventPlace {
  readonly address: number;
  /** The instruction there is the event's own. */
  readonly isExecuted: boolean;
  /** By the trap flag, which the program has set: it is not about to execute what is there. */
  readonly stepsItself?: true;
}

/** The same by the event's recorded registers; undefined where they do not tell. */
export function placeOf(frame: FrameView): EventPlace | undefined {
  const rip = frame.registerLow(registerIndex.rip) + frame.registerHigh(registerIndex.rip) * 0x1_0000_0000;
  switch (frame.eventKind) {
    case eventKinds.syscall:
      // Its registers are those of where it returned to.
      if (frame.number === syscallNumbers.rt_sigreturn) return undefined;
      return { address: rip - 2, isExecuted: true };
    case eventKinds.syscallEnter:
      return { address: rip - 2, isExecuted: true };
    case eventKinds.trap:
      return frame.number === trapKinds.random
        ? undefined
        : { address: rip - (frame.number === rdtscpKind ? 3 : 2), isExecuted: true };
    case eventKinds.signal: {
      const hasTrapFlag = (frame.registerLow(registerIndex.eflags) & trapFlag) !== 0;
      const stepsItself = hasTrapFlag && frame.number === sigtrap;
      return { address: rip, isExecuted: false, ...(stepsItself ? { stepsItself } : {}) };
    }
    case eventKinds.sched:
      return { address: rip, isExecuted: false };
    default:
      return undefined;
  }
}
