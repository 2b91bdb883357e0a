/** `rr pull`: makes a recording of what a remote store has of it, with its mapped files in the store here. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolders } from '../make-folders.ts';
import { dropAbandoned, intoNewFile, isFree, removingOnFailure, tellingRefusal, temporaryName } from '../outputs.ts';
import { isFolderName } from '../pack/pack-names.ts';
import { plainContent } from '../pack/stored-form.ts';
import { OpenRegistration } from '../store/registrations.ts';
import { Store } from '../store/store.ts';
import { Folder, privateFolderMode } from '../trace/folder.ts';
import { laneOrder } from '../trace/lane-files.ts';
import { maxVersionBytes } from '../trace/limits.ts';
import { TraceReader } from '../trace/reader.ts';
import { hashOf, isHash } from '../trace/store-layout.ts';
import { TraceError } from '../trace/trace-error.ts';
import { formatVersionFile, parseVersionFile } from '../trace/version-file.ts';
import { writeWhole } from '../whole-io.ts';
import { inParallel } from './in-parallel.ts';
import {
  type Manifest,
  mostManifestBytes,
  parseManifest,
  portionSize,
  type RemoteBlob,
  type RemoteBytes,
} from './manifest.ts';
import { RemoteError } from './remote-error.ts';
import { isRemoteName, portionBytes, type RemoteStore } from './remote-store.ts';

/** Objects that travel at the same time. */
const atOnce = 8;
/** Portions that a pull that was cut off has left; the next one goes on from them. Milliseconds. */
const keptPortions = 7 * 24 * 3600 * 1000;
const portionsFolder = '.pulled';

export interface PullPlan {
  /** As push has printed it: a name, or the hash of its manifest. */
  readonly trace: string;
  /** Where traces are, and the store of their mapped files. */
  readonly root: string;
  readonly store: string;
  /** The directory to make; left out: the trace's name below the root. */
  readonly output: string | undefined;
}

export interface Pulled {
  readonly directory: string;
  /** What travelled. */
  readonly receivedBytes: number;
}

/** @throws RemoteError; TraceError for what is no trace; EngineError of the store's */
export async function pullTrace(remote: RemoteStore, plan: PullPlan): Promise<Pulled> {
  const manifest = await fetchManifest(remote, plan.trace);
  const output = plan.output ?? join(plan.root, isFolderName(manifest.name) ? manifest.name : 'trace');
  if (!isFree(output)) {
    throw new RemoteError('TRACE_EXISTS', `${output} exists: name another with -o, or remove it`);
  }
  const pull = async (): Promise<Pulled> => {
    makeFolders(plan.root, privateFolderMode);
    dropAbandoned(plan.root);
    makeFolders(plan.store, privateFolderMode);
    makeFolders(dirname(output), privateFolderMode);
    const receiver = new Receiver(remote, join(plan.root, portionsFolder));
    await registered(plan.store, output, manifest, () => receive(receiver, manifest, plan.store, output));
    receiver.forgetPortions(laneOrder.flatMap((lane) => manifest.lanes[lane].portions));
    return { directory: output, receivedBytes: receiver.receivedBytes };
  };
  return tellingRefusal(
    pull,
    (reason, cause) => new TraceError('TRACE_UNWRITABLE', output, `cannot write it: ${reason}`, { cause }),
  );
}

/** What the trace will refer to is nobody's garbage from before it comes. */
async function registered(
  store: string,
  output: string,
  { blobs }: Manifest,
  body: () => Promise<void>,
): Promise<void> {
  const registration = OpenRegistration.begin(store, output, `pulled-${randomBytes(8).toString('hex')}`);
  try {
    for (const { hash } of blobs) registration.announce(hash);
    await body();
  } catch (error) {
    registration.drop();
    throw error;
  }
  await registration.end();
}

async function receive(receiver: Receiver, manifest: Manifest, storePath: string, output: string): Promise<void> {
  using store = Store.open(storePath);
  await inParallel(manifest.blobs, atOnce, (blob) => receiveBlob(receiver, store, blob));
  const temporary = temporaryName(output);
  await removingOnFailure(temporary, async () => {
    mkdirSync(temporary, { mode: privateFolderMode });
    for (const lane of laneOrder) await receiver.writeFile(manifest.lanes[lane], join(temporary, lane));
    await writeVersion(receiver, manifest, temporary, storePath);
    // What is no trace is not named like one.
    TraceReader.open(temporary).close();
    renameSync(temporary, output);
  });
}

/** By its name, or by the hash of its manifest. @throws RemoteError */
export async function fetchManifest(remote: RemoteStore, trace: string): Promise<Manifest> {
  const place = `${remote.name}${trace}`;
  if (isHash(trace)) return parseManifest(await remote.getAny(trace, mostManifestBytes), place);
  if (!isRemoteName(trace)) throw new RemoteError('REMOTE_NOT_FOUND', `"${trace}" is no name of a recording`);
  return parseManifest(await remote.getTrace(trace, mostManifestBytes), place);
}

async function receiveBlob(receiver: Receiver, store: Store, blob: RemoteBlob): Promise<void> {
  const { hash, kind, isSparse } = blob;
  if (store.check({ hash, kind }) === 'right') return;
  const content = receiver.content(blob);
  await store.put({ hash, kind }, isSparse ? plainContent(content) : content);
}

/** The store of the recording is that of this machine. */
async function writeVersion(
  receiver: Receiver,
  { version }: Manifest,
  directory: string,
  store: string,
): Promise<void> {
  if (version.size > maxVersionBytes) throw new RemoteError('REMOTE_WRONG', 'the version file is too large');
  const pieces: Uint8Array[] = [];
  for await (const piece of receiver.content(version)) pieces.push(piece);
  const content = parseVersionFile(version.name, Buffer.concat(pieces));
  const bytes = formatVersionFile({ ...content, header: { ...content.header, store } });
  await intoNewFile(join(directory, version.name), (descriptor) => writeWhole(descriptor, bytes));
}

class Receiver {
  receivedBytes = 0;
  readonly #remote: RemoteStore;
  readonly #folder: string;

  constructor(remote: RemoteStore, folder: string) {
    this.#remote = remote;
    this.#folder = folder;
  }

  /** @throws RemoteError */
  async *content(bytes: RemoteBytes): AsyncGenerator<Uint8Array> {
    for (const [index, hash] of bytes.portions.entries()) yield await this.#fetch(hash, portionSize(bytes, index));
  }

  /** Makes a file of the trace's own, from portions that are kept until the trace is whole. @throws RemoteError, NodeJS.ErrnoException */
  async writeFile(bytes: RemoteBytes, path: string): Promise<void> {
    await intoNewFile(path, (descriptor) =>
      inParallel(bytes.portions.entries(), atOnce, async ([index, hash]) => {
        const size = portionSize(bytes, index);
        const kept = this.#kept(hash, size);
        const portion = kept ?? (await this.#fetch(hash, size));
        writeWhole(descriptor, portion, index * portionBytes);
        if (kept === undefined && size === portionBytes) this.#keep(hash, portion);
      }),
    );
  }

  /** Also what others left long ago. */
  forgetPortions(hashes: readonly string[]): void {
    if (!existsSync(this.#folder)) return;
    const oldest = Date.now() - keptPortions;
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name);
      const isOld = (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < oldest;
      if (isOld || hashes.includes(name)) rmSync(path, { force: true });
    }
    if (readdirSync(this.#folder).length === 0) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #fetch(hash: string, size: number): Promise<Buffer> {
    const bytes = await this.#remote.get({ hash, size });
    this.receivedBytes += bytes.length;
    return bytes;
  }

  #kept(hash: string, size: number): Buffer | undefined {
    if (!existsSync(this.#folder)) return undefined;
    using folder = Folder.open(this.#folder);
    const bytes = folder.read(hash, size);
    return bytes !== undefined && hashOf(bytes) === hash ? bytes : undefined;
  }

  #keep(hash: string, bytes: Uint8Array): void {
    makeFolders(this.#folder, privateFolderMode);
    using folder = Folder.open(this.#folder);
    folder.write(hash, bytes);
  }
}
