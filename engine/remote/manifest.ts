/**
 * What a remote store keeps under a trace's name: which content makes up its files, and what it refers to. JSON; a reader
 * trusts none of it.
 */
import type { LaneName } from '../schema/schema.ts';
import { incompleteVersionName, laneOrder, versionName } from '../trace/lane-files.ts';
import { type BlobKind, isHash } from '../trace/store-layout.ts';
import { RemoteError } from './remote-error.ts';
import { portionBytes } from './remote-store.ts';

/** Of this form. */
const format = 1;
/** Bytes of a manifest; some 100,000 stored files. */
export const mostManifestBytes = 16 << 20;

/** A sequence of bytes, in portions of portionBytes; the last has the rest. */
export interface RemoteBytes {
  readonly size: number;
  /** SHA-256 of each portion. */
  readonly portions: readonly string[];
}

export interface RemoteBlob extends RemoteBytes {
  readonly hash: string;
  readonly kind: BlobKind;
  /** The bytes are the sparse form of the file. */
  readonly isSparse: boolean;
}

export interface Manifest {
  /** Of the recording where it was pushed. */
  readonly name: string;
  /** What `rr ls --remote -l` shows. */
  readonly created: string;
  readonly host: string;
  readonly arguments: readonly string[];
  readonly status?: number;
  readonly version: RemoteBytes & { readonly name: string };
  readonly lanes: Readonly<Record<LaneName, RemoteBytes>>;
  readonly blobs: readonly RemoteBlob[];
}

export function formatManifest(manifest: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify({ format, ...manifest })}\n`);
}

/** @param place what messages call it. @throws RemoteError REMOTE_WRONG */
export function parseManifest(bytes: Uint8Array, place: string): Manifest {
  try {
    return readManifest(JSON.parse(Buffer.from(bytes).toString()));
  } catch (cause) {
    if (!(cause instanceof SyntaxError) && !(cause instanceof ShapeError)) throw cause;
    const what = cause instanceof ShapeError ? cause.message : 'no JSON';
    throw new RemoteError('REMOTE_WRONG', `${place}: it describes no recording: ${what}`, { cause });
  }
}

class ShapeError extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function fail(what: string): never {
  throw new ShapeError(`${what} is missing or impossible`);
}

function fields(value: unknown, what: string): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : fail(what);
}

function text(value: unknown, what: string): string {
  return typeof value === 'string' ? value : fail(what);
}

function list<Value>(value: unknown, what: string, read: (each: unknown, what: string) => Value): Value[] {
  return Array.isArray(value) ? value.map((each) => read(each, what)) : fail(what);
}

function hash(value: unknown, what: string): string {
  return isHash(text(value, what)) ? (value as string) : fail(what);
}

function whole(value: unknown, most: number, what: string): number {
  const fits = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most;
  return fits ? value : fail(what);
}

function remoteBytes(value: unknown, what: string): RemoteBytes {
  const { size, portions } = fields(value, what);
  const read = {
    size: whole(size, Number.MAX_SAFE_INTEGER, `the size of ${what}`),
    portions: list(portions, `the content of ${what}`, hash),
  };
  return read.portions.length === Math.ceil(read.size / portionBytes) ? read : fail(`the content of ${what}`);
}

function blob(value: unknown, what: string): RemoteBlob {
  const given = fields(value, what);
  const isSparse = given.isSparse === true;
  const kind = given.kind === 'file' || (given.kind === 'piece' && !isSparse) ? given.kind : fail(what);
  return { hash: hash(given.hash, what), kind, isSparse, ...remoteBytes(value, what) };
}

function readManifest(value: unknown): Manifest {
  const root = fields(value, 'its content');
  if (root.format !== format)
    throw new ShapeError(`its format is ${String(root.format)}, and this version reads ${format}`);
  const version = fields(root.version, 'the version file');
  const versionFile = [versionName, incompleteVersionName].find((each) => each === version.name);
  const lanes = fields(root.lanes, 'the list of lanes');
  return {
    name: text(root.name, 'the name'),
    created: text(root.created, 'the time'),
    host: text(root.host, 'the host'),
    arguments: list(root.arguments, 'the command', text),
    ...(root.status === undefined ? {} : { status: whole(root.status, 0xffff, 'the status') }),
    version: { name: versionFile ?? fail('the version file'), ...remoteBytes(version, 'the version file') },
    lanes: Object.fromEntries(laneOrder.map((lane) => [lane, remoteBytes(lanes[lane], lane)])) as Manifest['lanes'],
    blobs: list(root.blobs, 'a stored file', blob),
  };
}

/** The size of a portion by its number. */
export function portionSize({ size, portions }: RemoteBytes, index: number): number {
  return index < portions.length - 1 ? portionBytes : size - (portions.length - 1) * portionBytes;
}
