import { statSync } from 'node:fs';
import { dumpEvent } from '../../dump/dumped-event.ts';
import { eventHeading, eventLines } from '../../dump/event-lines.ts';
import { EventSelection, looksLikeEvents, parseEventRange } from '../../dump/event-selection.ts';
import { statisticsText, TraceStatistics } from '../../dump/trace-statistics.ts';
import { frameFlags } from '../../generated/schema.ts';
import { countCalls, readBufferEntries } from '../../trace/buffer-entries.ts';
import { resolveTrace } from '../../trace/locations.ts';
import { TraceReader } from '../../trace/reader.ts';
import { BufferedOutput } from '../buffered-output.ts';
import type { Invocation, RunCommand } from '../grammar.ts';
import { jsonText, print, readerGoneStatus } from '../print.ts';

/** `rr dump [OPTIONS] [TRACE] [EVENT|A-B|end]...`. @throws UsageError BAD_EVENTS; EngineError NO_SUCH_EVENT; TraceError */
export const run: RunCommand = async (invocation) => {
  const { trace, words } = splitOperands(invocation.operands);
  const ranges = words.map(parseEventRange);
  const reader = TraceReader.open(resolveTrace(trace));
  try {
    const selection = new EventSelection(ranges, reader.lastEvent);
    const tid = invocation.values.integer('tid', 1, 2 ** 31 - 1);
    reader.seek(Math.max(selection.first, 1));
    const chosen = function* () {
      while (reader.event < selection.last && reader.next()) {
        if (selection.has(reader.event) && (tid === undefined || reader.frame.tid === tid)) yield reader;
      }
    };
    return invocation.values.has('statistics')
      ? printStatistics(invocation, reader, chosen())
      : printEvents(invocation, chosen());
  } finally {
    reader.close();
  }
};

/** The first operand is a trace unless it can be nothing but events. */
function splitOperands(operands: readonly string[]): { trace: string | undefined; words: readonly string[] } {
  const [first, ...rest] = operands;
  if (first === undefined) return { trace: undefined, words: [] };
  const isTrace = !looksLikeEvents(first) || statSync(first, { throwIfNoEntry: false })?.isDirectory() === true;
  return isTrace ? { trace: first, words: rest } : { trace: undefined, words: operands };
}

function printEvents({ values }: Invocation, events: Iterable<TraceReader>): number {
  const choice = {
    raw: values.has('raw'),
    data: values.has('recorded-metadata'),
    mappings: values.has('mmaps'),
    tasks: values.has('task-events'),
    buffered: values.has('syscallbuf'),
    sockets: values.has('socket-addresses'),
  };
  const json = values.has('json');
  const output = new BufferedOutput();
  try {
    if (!json) output.write(eventHeading);
    for (const reader of events) {
      const event = dumpEvent(reader, choice);
      if (!output.write(json ? jsonText(event) : eventLines(event))) break;
    }
    return output.flush() ? 0 : readerGoneStatus;
  } finally {
    // What was read before damage is printed before the error.
    output.flush();
  }
}

function printStatistics({ values }: Invocation, whole: TraceReader, events: Iterable<TraceReader>): number {
  const statistics = new TraceStatistics();
  for (const reader of events) {
    let dataBytes = 0;
    if (reader.frame.flags & frameFlags.buffered) {
      const entries = readBufferEntries(() => reader.nextData());
      if (entries !== undefined) countCalls(entries, (number, bytes) => statistics.addBuffered(number, bytes));
    }
    for (let data = reader.nextData(); data !== undefined; data = reader.nextData()) dataBytes += data.length;
    statistics.add(reader.frame, dataBytes);
  }
  const lanes = whole.sizes();
  return print(values.has('json') ? jsonText({ ...statistics.toJSON(), lanes }) : statisticsText(statistics, lanes));
}
