/** The schema's shapes and enumerations as lists, for the generators. */
import { type Layout, layOut, layOutRecord } from './layout.ts';
import * as schema from './schema.ts';

export interface Shape {
  /** As in schema.ts: `frame`, `recordHeader`. */
  readonly name: string;
  readonly doc: string;
  readonly layout: Layout;
  /** Only records have one. */
  readonly record?: schema.RecordShape;
}

export const headerShape: Shape = {
  name: 'recordHeader',
  doc: 'What every record begins with.',
  layout: layOut('recordHeader', schema.recordHeader),
};

export const recordShapes: readonly Shape[] = Object.entries(schema.records).map(([name, record]) => ({
  name,
  doc: record.doc,
  layout: layOutRecord(name, record),
  record,
}));

export const ringShapes: readonly Shape[] = [
  {
    name: 'ringControl',
    doc: 'Control block of the ring, at its start in the shared memory.',
    layout: layOut('ringControl', schema.ringControl),
  },
  {
    name: 'slotHeader',
    doc: 'Header of a ring slot, in an array behind the control block.',
    layout: layOut('slotHeader', schema.slotHeader),
  },
];

export const fileShapes: readonly Shape[] = [
  {
    name: 'chunkHeader',
    doc: 'Header of a chunk in a lane file.',
    layout: layOut('chunkHeader', schema.chunkHeader),
  },
  {
    name: 'indexEntry',
    doc: 'One entry of an index chunk.',
    layout: layOut('indexEntry', schema.indexEntry),
  },
  {
    name: 'pieceReference',
    doc: 'A reference to a part of a piece in the store.',
    layout: layOut('pieceReference', schema.pieceReference),
  },
];

export interface Enumeration {
  /** Singular, lower camel case: `eventKind`. */
  readonly name: string;
  /** What it is called in schema.ts, when it stands there. */
  readonly source?: string;
  readonly values: Readonly<Record<string, number>>;
}

export const enumerations: readonly Enumeration[] = [
  { name: 'lane', source: 'lanes', values: schema.lanes },
  {
    name: 'recordKind',
    values: Object.fromEntries(Object.entries(schema.records).map(([name, record]) => [name, record.kind])),
  },
  { name: 'eventKind', source: 'eventKinds', values: schema.eventKinds },
  { name: 'dataSpace', source: 'dataSpaces', values: schema.dataSpaces },
  { name: 'mappingSource', source: 'mappingSources', values: schema.mappingSources },
  { name: 'taskKind', source: 'taskKinds', values: schema.taskKinds },
  { name: 'trapKind', source: 'trapKinds', values: schema.trapKinds },
  { name: 'slotState', source: 'slotStates', values: schema.slotStates },
  { name: 'chunkCodec', source: 'chunkCodecs', values: schema.chunkCodecs },
  { name: 'chunkContent', source: 'chunkContents', values: schema.chunkContents },
];

/** `eventKind` -> `EventKind`. */
export function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** `eventKind` -> `EVENT_KIND`. */
export function constantCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

export const generatedFrom = 'Generated from engine/schema/schema.ts by `npm run generate`; do not edit.';
