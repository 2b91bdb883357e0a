import { lackingFeatures } from '../machine/processor-features.ts';
import type { TraceReader } from '../trace/reader.ts';

/** What `rr traceinfo` prints: everything that the trace says of itself as a whole. */
export function traceInformation(reader: TraceReader): Readonly<Record<string, unknown>> {
  const { directory, format, header, end, lastEvent, complete, damage } = reader;
  return {
    directory,
    format,
    ...header,
    lackingHere: lackingFeatures(header.machine),
    chaosMode: header.chaosSeed !== undefined,
    complete,
    ...(end === undefined ? {} : { end }),
    ...(damage === undefined ? {} : { damage: damage.message }),
    events: lastEvent,
    lanes: reader.sizes(),
  };
}
