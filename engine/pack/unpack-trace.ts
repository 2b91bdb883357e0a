/** `rr unpack`, and what a replay does with a pack: the members of a pack become a recording's directory. */
import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync, renameSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolders } from '../make-folders.ts';
import { intoNewFile, isFree, removingOnFailure, temporaryName } from '../outputs.ts';
import { privateFolderMode } from '../trace/folder.ts';
import { incompleteVersionName, laneOrder, ownStoreName, versionName } from '../trace/lane-files.ts';
import { maxVersionBytes } from '../trace/limits.ts';
import { checkedPiece, maxPieceFileBytes } from '../trace/piece-file.ts';
import { blobPath } from '../trace/store-layout.ts';
import { systemReason } from '../trace/trace-error.ts';
import { parseVersionFile } from '../trace/version-file.ts';
import { writeWhole } from '../whole-io.ts';
import { PackError } from './pack-error.ts';
import { type PackMember, parseMemberName } from './pack-names.ts';
import { tellingUnwritable } from './pack-trace.ts';
import { FormError, writeStored } from './stored-form.ts';
import type { ZipEntry } from './zip-format.ts';
import { ZipReader } from './zip-reader.ts';

const { O_NONBLOCK, O_RDONLY } = constants;

interface Packed {
  readonly entry: ZipEntry;
  readonly member: PackMember;
}

/** A pack whose directory has been read, and holds nothing that a pack does not. */
export class OpenPack implements Disposable {
  readonly path: string;
  /** Of the recording. */
  readonly name: string;
  readonly #descriptor: number;
  readonly #zip: ZipReader;
  readonly #members: readonly Packed[];

  /** @throws PackError NOT_A_PACK, PACK_DAMAGED; NodeJS.ErrnoException */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, O_RDONLY | O_NONBLOCK);
    try {
      if (!fstatSync(this.#descriptor).isFile()) throw new PackError('NOT_A_PACK', `${path}: no regular file`);
      this.#zip = new ZipReader(path, this.#descriptor);
      const { name, members } = readNames(path, this.#zip.entries);
      this.name = name;
      this.#members = members;
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  /**
   * Makes the recording's directory: all of it, or nothing.
   * @param output does not exist, or is an empty directory
   * @throws PackError
   */
  async unpack(output: string): Promise<void> {
    const temporary = temporaryName(output);
    await tellingUnwritable(output, () =>
      removingOnFailure(temporary, async () => {
        mkdirSync(temporary, { mode: privateFolderMode });
        this.#checkRoom(temporary, output);
        mkdirSync(join(temporary, ownStoreName), { mode: privateFolderMode });
        for (const each of this.#members) await this.#extract(each, temporary);
        renameSync(temporary, output);
      }),
    );
  }

  /** @throws PackError PACK_UNWRITABLE before a large pack has filled a disk */
  #checkRoom(folder: string, output: string): void {
    const { bavail, bsize } = statfsSync(folder);
    const needed = this.#members.reduce((sum, { entry }) => sum + entry.size, 0);
    if (needed <= bavail * bsize) return;
    const what = `it takes ${needed} bytes, and ${bavail * bsize} are free`;
    throw new PackError('PACK_UNWRITABLE', `cannot unpack ${this.path} to ${output}: ${what} (ENOSPC)`);
  }

  async #extract({ entry, member }: Packed, into: string): Promise<void> {
    const content = this.#zip.content(entry);
    if (member.kind === 'trace') {
      await intoNewFile(join(into, member.file), async (descriptor) => {
        const pieces: Uint8Array[] = [];
        for await (const piece of content) {
          writeWhole(descriptor, piece);
          if (!isLane(member.file)) pieces.push(piece);
        }
        // What is no recording at all ends here, not at its first use.
        if (!isLane(member.file)) parseVersionFile(`${this.path}: ${entry.name}`, Buffer.concat(pieces));
      });
      return;
    }
    const { blob, isSparse } = member;
    const path = join(into, ownStoreName, blobPath(blob));
    makeFolders(dirname(path), privateFolderMode);
    const isRight = await intoNewFile(path, async (descriptor) => {
      if (blob.kind === 'piece') return writePiece(descriptor, content, blob.hash);
      try {
        return await writeStored(descriptor, content, isSparse, blob.hash);
      } catch (cause) {
        if (!(cause instanceof FormError)) throw cause;
        throw new PackError('PACK_DAMAGED', `${this.path}: ${entry.name} is no sparse file: ${cause.message}`, cause);
      }
    });
    if (!isRight) throw new PackError('PACK_DAMAGED', `${this.path}: ${entry.name} is not what its name says`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/** `rr unpack`. @throws PackError, PACK_EXISTS among them */
export async function unpackTo(path: string, nameOutput: (name: string) => string): Promise<string> {
  using pack = openPackFile(path);
  const output = nameOutput(pack.name);
  if (!isFree(output)) throw new PackError('PACK_EXISTS', `${output} exists: name another with -o, or remove it`);
  if (!existsSync(dirname(output))) throw new PackError('PACK_UNWRITABLE', `${dirname(output)}: no such directory`);
  await pack.unpack(output);
  return output;
}

/** @throws PackError */
export function openPackFile(path: string): OpenPack {
  try {
    return new OpenPack(path);
  } catch (cause) {
    if (cause instanceof PackError) throw cause;
    throw new PackError('NOT_A_PACK', `${path}: cannot read it: ${systemReason(cause)}`, cause);
  }
}

function isLane(file: string): boolean {
  return (laneOrder as readonly string[]).includes(file);
}

/** @throws PackError PACK_DAMAGED */
function readNames(path: string, entries: readonly ZipEntry[]): { name: string; members: Packed[] } {
  const damaged = (what: string) => new PackError('PACK_DAMAGED', `${path}: ${what}`);
  const members: Packed[] = [];
  const seen = new Set<string>();
  let name: string | undefined;
  for (const entry of entries) {
    const parsed = parseMemberName(entry.name);
    if (parsed === undefined || (name !== undefined && parsed.folder !== name)) {
      throw damaged(`"${entry.name}" is no name of a recording’s file`);
    }
    name = parsed.folder;
    const { member } = parsed;
    const key = member.kind === 'trace' ? member.file : blobPath(member.blob);
    if (seen.has(key)) throw damaged(`it has "${entry.name}" twice`);
    seen.add(key);
    if (!isLane(key) && member.kind === 'trace' && entry.size > maxVersionBytes)
      throw damaged(`"${entry.name}" is too large`);
    members.push({ entry, member });
  }
  const missing = laneOrder.find((lane) => !seen.has(lane));
  if (missing !== undefined) throw damaged(`a recording’s file is missing: ${missing}`);
  if (!seen.has(versionName) && !seen.has(incompleteVersionName)) throw damaged('it has no version file');
  return { name: name!, members };
}

/** Tells whether it is the file of that piece. */
async function writePiece(descriptor: number, content: AsyncIterable<Uint8Array>, hash: string): Promise<boolean> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of content) {
    size += piece.length;
    if (size > maxPieceFileBytes) return false;
    pieces.push(piece);
  }
  const bytes = Buffer.concat(pieces);
  if (checkedPiece(bytes, hash) === undefined) return false;
  writeWhole(descriptor, bytes);
  return true;
}
