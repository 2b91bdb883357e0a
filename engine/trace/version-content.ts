/**
 * Checks the content of a version file: a right checksum says nothing about who wrote it. Each value has a reader that
 * gives it with its type, or tells what is wrong; a value that no reader knows is left out.
 */
import { isAbsolute } from 'node:path';
import { compressionLevels } from './codec.ts';
import { laneOrder, lanesSuffixForm } from './lane-files.ts';
import type { MachineDescription, SystemName, TraceEnd, TraceHeader, VersionContent } from './trace-header.ts';

/** The message names the value. */
export class ContentError extends Error {}

type Read<Value> = (value: unknown, path: string) => Value;
/** One reader for each property, the optional ones included. */
type Readers<Shape> = {
  readonly [Key in keyof Shape]-?: Read<
    Record<never, never> extends Pick<Shape, Key> ? Shape[Key] | undefined : Shape[Key]
  >;
};

const most = Number.MAX_SAFE_INTEGER;

function fail(path: string): never {
  throw new ContentError(`the header’s ${path} is missing, of the wrong type or impossible`);
}

function record(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path);
  return value as Readonly<Record<string, unknown>>;
}

function object<Shape extends object>(readers: Readers<Shape>): Read<Shape> {
  return (value, path) => {
    const given = record(value, path);
    const entries = Object.entries<Read<unknown>>(readers).flatMap(([name, read]) => {
      const inner = path === '' ? name : `${path}.${name}`;
      const result = read(Object.hasOwn(given, name) ? given[name] : undefined, inner);
      return result === undefined ? [] : [[name, result] as const];
    });
    return Object.fromEntries(entries) as Shape;
  };
}

function optional<Value>(read: Read<Value>): Read<Value | undefined> {
  return (value, path) => (value === undefined ? undefined : read(value, path));
}

const text: Read<string> = (value, path) => (typeof value === 'string' ? value : fail(path));
const flag: Read<boolean> = (value, path) => (typeof value === 'boolean' ? value : fail(path));
const texts: Read<readonly string[]> = (value, path) =>
  Array.isArray(value) ? value.map((each) => text(each, path)) : fail(path);
const textByName: Read<Readonly<Record<string, string>>> = (value, path) =>
  Object.fromEntries(Object.entries(record(value, path)).map(([name, each]) => [name, text(each, path)]));

function whole(from: number, to: number): Read<number> {
  return (value, path) => {
    const fits = typeof value === 'number' && Number.isSafeInteger(value) && value >= from && value <= to;
    return fits ? value : fail(path);
  };
}

function word<Word extends string>(words: readonly Word[]): Read<Word> {
  return (value, path) => words.find((each) => each === value) ?? fail(path);
}

function pattern(form: RegExp): Read<string> {
  return (value, path) => (form.test(text(value, path)) ? text(value, path) : fail(path));
}

const directory: Read<string> = (value, path) => {
  const name = text(value, path);
  return isAbsolute(name) && !name.includes('\0') ? name : fail(path);
};

const systemName = object<SystemName>({
  sysname: text,
  nodename: text,
  release: text,
  version: text,
  machine: text,
  domainname: text,
});

const machine = object<MachineDescription>({
  architecture: text,
  processor: text,
  kernel: text,
  cpuid: optional(textByName),
  features: optional(texts),
  cpuidRecorded: optional(flag),
  cpuidFaulting: optional(flag),
  system: optional(systemName),
});

/** Addresses of user space end here. */
const addressLimit = 2 ** 47 - 1;

const counter = object<NonNullable<TraceHeader['counter']>>({
  type: whole(0, 2 ** 32 - 1),
  config: whole(0, most),
  address: whole(0, addressLimit),
  skid: whole(0, 1e9),
  counts: text,
  event: text,
  microarchitecture: text,
});

const header = object<TraceHeader>({
  created: text,
  recorder: text,
  uuid: optional(pattern(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)),
  program: text,
  arguments: texts,
  environment: texts,
  workingDirectory: text,
  machine,
  executionPoint: text,
  counter: optional(counter),
  store: directory,
  compression: word(Object.keys(compressionLevels) as TraceHeader['compression'][]),
  coreCount: whole(1, 65536),
  boundProcessor: whole(-1, 65535),
  chaosSeed: optional(whole(0, 2 ** 32 - 1)),
});

const end = object<TraceEnd>({
  complete: flag,
  reason: optional(text),
  status: optional(whole(0, 0xffff)),
  duration: optional(whole(0, most)),
});

const extent: Read<{ size: number; index: number }> = (value, path) => {
  const found = object<{ size: number; index: number }>({ size: whole(0, most), index: whole(0, most) })(value, path);
  return found.index <= found.size ? found : fail(path);
};

/** @throws ContentError */
export function readContent(value: unknown): VersionContent {
  const root = record(value, 'content');
  const { end: ending, lanes, lanesSuffix } = root;
  const extents = lanes === undefined ? undefined : record(lanes, 'lanes');
  return {
    header: header(root.header, ''),
    ...(ending === undefined ? {} : { end: end(ending, 'end') }),
    ...(lanesSuffix === undefined ? {} : { lanesSuffix: pattern(lanesSuffixForm)(lanesSuffix, 'lanesSuffix') }),
    ...(extents === undefined
      ? {}
      : {
          lanes: Object.fromEntries(
            laneOrder.map((lane) => [lane, extent(extents[lane], `lanes.${lane}`)]),
          ) as NonNullable<VersionContent['lanes']>,
        }),
  };
}
