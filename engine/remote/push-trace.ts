/** `rr push`: brings a recording, and of its store what the other one lacks, to a remote store. */
import { closeSync, fstatSync } from 'node:fs';
import {
  blobStream,
  checkedForm,
  type PackedContent,
  packedContent,
  type Redaction,
  withStoredFile,
} from '../pack/packed-content.ts';
import type { LaneName } from '../schema/schema.ts';
import { Store } from '../store/store.ts';
import { Folder } from '../trace/folder.ts';
import { laneOrder } from '../trace/lane-files.ts';
import { type BlobReference, hashOf } from '../trace/store-layout.ts';
import { parseVersionFile } from '../trace/version-file.ts';
import { readWhole } from '../whole-io.ts';
import { inParallel } from './in-parallel.ts';
import { formatManifest, type Manifest, type RemoteBlob, type RemoteBytes } from './manifest.ts';
import { RemoteError } from './remote-error.ts';
import { type Content, portionBytes, type RemoteStore } from './remote-store.ts';

/** Objects that travel at the same time. */
const atOnce = 8;

export interface Pushed {
  /** By which `rr pull` finds it; undefined where the server keeps nothing but content: then by the hash. */
  readonly name: string | undefined;
  /** SHA-256 of its manifest. */
  readonly hash: string;
  /** What was sent, and what there is; the manifest is not counted. */
  readonly sentBytes: number;
  readonly totalBytes: number;
}

/** @throws TraceError, EngineError of the store's, RemoteError */
export async function pushTrace(remote: RemoteStore, directory: string, redaction: Redaction): Promise<Pushed> {
  using content = packedContent(directory, redaction);
  const sender = new Sender(remote);
  const version = await sender.sendAll([content.version]);
  const lanes = await sendLanes(sender, content.directory);
  const blobs = await sendBlobs(sender, content);
  const { header, end } = parseVersionFile(content.versionName, content.version);
  const manifest: Manifest = {
    name: content.name,
    created: header.created,
    host: header.machine.system?.nodename ?? '',
    arguments: header.arguments,
    ...(end?.status === undefined ? {} : { status: end.status }),
    version: { name: content.versionName, ...version },
    lanes,
    blobs,
  };
  const bytes = formatManifest(manifest);
  const hash = hashOf(bytes);
  await remote.put(hash, bytes);
  const name = await nameManifest(remote, remoteName(content, header.uuid), bytes);
  return { name, hash, sentBytes: sender.sentBytes, totalBytes: sender.totalBytes };
}

/** Undefined where the server takes content alone, as many build caches do. */
async function nameManifest(remote: RemoteStore, name: string, bytes: Uint8Array): Promise<string | undefined> {
  try {
    await remote.putTrace(name, bytes);
    return name;
  } catch (error) {
    if (!(error instanceof RemoteError) || error.isPassing) throw error;
    if (error.code === 'REMOTE_UNREACHABLE' || error.code === 'REMOTE_REFUSED') throw error;
    return undefined;
  }
}

/** Recordings of two machines may have one name. */
function remoteName({ name, version }: PackedContent, uuid: string | undefined): string {
  const readable = name.replace(/[^\w.+-]/g, '_').replace(/^\.+/, '_');
  return `${readable}-${(uuid ?? hashOf(version)).slice(0, 8)}`;
}

async function sendLanes(sender: Sender, directory: string): Promise<Manifest['lanes']> {
  const lanes = new Map<LaneName, RemoteBytes>();
  using folder = Folder.open(directory);
  for (const lane of laneOrder) {
    const descriptor = folder.openFile(lane, 'read');
    try {
      lanes.set(lane, await sender.sendAll(portionsOf(descriptor)));
    } finally {
      closeSync(descriptor);
    }
  }
  return Object.fromEntries(lanes) as Manifest['lanes'];
}

/** The file as it is now. @throws NodeJS.ErrnoException */
function* portionsOf(descriptor: number): Generator<Uint8Array> {
  const { size } = fstatSync(descriptor);
  for (let offset = 0; offset < size; offset += portionBytes) {
    const bytes = Buffer.alloc(Math.min(portionBytes, size - offset));
    if (readWhole(descriptor, bytes, offset) < bytes.length) {
      throw new RangeError('a file of the recording has become shorter');
    }
    yield bytes;
  }
}

async function sendBlobs(sender: Sender, { store: directory, references }: PackedContent): Promise<RemoteBlob[]> {
  using store = Store.open(directory);
  const sent = new Map<BlobReference, RemoteBlob>();
  await inParallel(references, atOnce, async (blob) => {
    sent.set(blob, await sendBlob(sender, store, blob));
  });
  return references.map((blob) => sent.get(blob)!);
}

async function sendBlob(sender: Sender, store: Store, blob: BlobReference): Promise<RemoteBlob> {
  const { hash, kind } = blob;
  if (kind === 'piece') {
    const bytes = store.readWhole(blob);
    return { hash, kind, isSparse: false, ...(await sender.sendAll([bytes])) };
  }
  return withStoredFile(store, blob, async (descriptor) => {
    const { size, blocks } = fstatSync(descriptor);
    // One that is there already need not be read: its hash is the address, unless it may be that of the sparse form.
    const isSmall = size > 0 && size <= portionBytes && blocks * 512 >= size;
    if (isSmall && (await sender.isThere({ hash, size })))
      return { hash, kind, isSparse: false, size, portions: [hash] };
    const { isSparse } = checkedForm(store, blob, descriptor);
    return { hash, kind, isSparse, ...(await sender.sendAll(inPortions(blobStream(blob, descriptor, isSparse)))) };
  });
}

function* inPortions(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let pending: Uint8Array[] = [];
  let size = 0;
  for (const each of pieces) {
    for (let done = 0; done < each.length; ) {
      const part = each.subarray(done, done + portionBytes - size);
      pending.push(part);
      size += part.length;
      done += part.length;
      if (size < portionBytes) continue;
      yield Buffer.concat(pending);
      pending = [];
      size = 0;
    }
  }
  if (size > 0) yield Buffer.concat(pending);
}

/** Sends what is not there yet, and counts. */
class Sender {
  sentBytes = 0;
  totalBytes = 0;
  readonly #remote: RemoteStore;
  /** What has been asked for, and was not there. */
  readonly #missing = new Set<string>();

  constructor(remote: RemoteStore) {
    this.#remote = remote;
  }

  /** Whether content is there; it counts as a part of the recording then. @throws RemoteError */
  async isThere(content: Content): Promise<boolean> {
    if (this.#missing.has(content.hash)) return false;
    const isThere = await this.#remote.has(content);
    if (isThere) this.totalBytes += content.size;
    else this.#missing.add(content.hash);
    return isThere;
  }

  /** @throws RemoteError, and what the portions throw */
  async sendAll(portions: Iterable<Uint8Array>): Promise<RemoteBytes> {
    const hashes: string[] = [];
    let size = 0;
    let count = 0;
    function* numbered(): Generator<[number, Uint8Array]> {
      for (const bytes of portions) {
        size += bytes.length;
        yield [count++, bytes];
      }
    }
    await inParallel(numbered(), atOnce, async ([index, bytes]) => {
      const hash = hashOf(bytes);
      hashes[index] = hash;
      if (await this.isThere({ hash, size: bytes.length })) return;
      await this.#remote.put(hash, bytes);
      this.#missing.delete(hash);
      this.sentBytes += bytes.length;
      this.totalBytes += bytes.length;
    });
    return { size, portions: hashes };
  }
}
