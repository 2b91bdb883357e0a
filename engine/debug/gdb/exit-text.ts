/** What the user reads at the end of what can be looked at. */
import { exitOf } from '../../dump/process-table.ts';
import { signalName } from '../../syscalls/signal-names.ts';
import type { RecordingDescription, Stop } from '../target.ts';

export function describeEnd(
  process: number,
  stop: Stop & { kind: 'exit' | 'end' },
  { isComplete, lastEvent, directory }: RecordingDescription,
): string {
  if (stop.kind === 'end') {
    return isComplete
      ? `The recording ends here, at event ${lastEvent}.\n`
      : `The trace breaks off here, after event ${lastEvent}: ${directory} does not reach the program's end.\n`;
  }
  return `Process ${process} ${endText(stop.status)} here.\n`;
}

/** The same of a program that ran in a copy. */
export function describeDiversionEnd({ status }: Stop & { kind: 'diversionEnd' }): string {
  return `rr: the copy in which this ran ${endText(status)}; the recording is where it was\n`;
}

function endText(status: number | undefined): string {
  if (status === undefined) return 'ends';
  const exit = exitOf(status);
  return exit < 0 ? `is killed by ${signalName(-exit)}` : `exits with status ${exit}`;
}
