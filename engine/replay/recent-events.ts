import { eventKindNames, eventKinds, type FrameView } from '../generated/schema.ts';
import { signalText, syscallText } from './wait-status.ts';

const capacity = 1024;

/** The last events of the replay, for reports. Remembering one allocates nothing. */
export class RecentEvents {
  private readonly events = new Float64Array(capacity);
  private readonly tids = new Int32Array(capacity);
  private readonly numbers = new Int32Array(capacity);
  private readonly kinds = new Uint8Array(capacity);
  private count = 0;

  remember(frame: FrameView): void {
    const at = this.count++ % capacity;
    this.events[at] = frame.eventNumber;
    this.tids[at] = frame.tid;
    this.numbers[at] = frame.number;
    this.kinds[at] = frame.eventKind;
  }

  /** A line for each of the task's last events, oldest first. */
  linesOf(tid: number, limit: number): readonly string[] {
    const lines: string[] = [];
    for (let back = 1; back <= Math.min(capacity, this.count) && lines.length < limit; back++) {
      const at = (this.count - back) % capacity;
      if (this.tids[at] === tid) lines.push(`${this.events[at]} ${eventText(this.kinds[at]!, this.numbers[at]!)}`);
    }
    return lines.reverse();
  }
}

/** What an event is, in a few words: syscallEnter read (0). */
export function eventText(kind: number, number: number): string {
  const name = eventKindNames[kind] ?? `kind ${kind}`;
  switch (kind) {
    case eventKinds.syscall:
    case eventKinds.syscallEnter:
    case eventKinds.syscallExit:
      return `${name} ${syscallText(number)}`;
    case eventKinds.signal:
    case eventKinds.signalHandler:
      return `${name} ${signalText(number)}`;
    default:
      return name;
  }
}
