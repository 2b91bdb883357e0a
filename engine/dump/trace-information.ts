import { formatVersion } from '../generated/schema.ts';
import type { TraceReader } from '../trace/reader.ts';

/** What `rr traceinfo` prints: everything that the trace says of itself as a whole. */
export function traceInformation(reader: TraceReader): Readonly<Record<string, unknown>> {
  const { directory, header, end, lastEvent, complete, damage } = reader;
  return {
    directory,
    format: formatVersion,
    ...header,
    chaosMode: header.chaosSeed !== undefined,
    complete,
    ...(end === undefined ? {} : { end }),
    ...(damage === undefined ? {} : { damage: damage.message }),
    events: lastEvent,
    lanes: reader.sizes(),
  };
}
