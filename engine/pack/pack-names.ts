/** Names of a pack's members: `FOLDER/FILE` of the trace, and `FOLDER/store/...` as in a store (store-layout.ts). */
import { incompleteVersionName, laneOrder, ownStoreName, versionName } from '../trace/lane-files.ts';
import { type BlobReference, blobPath, piecesFolder } from '../trace/store-layout.ts';

/** A stored file whose hash is that of its sparse form (docs/trace-format.md) has that form in a pack. */
const sparseSuffix = '.sparse';

export type PackMember =
  | { readonly kind: 'trace'; readonly file: string }
  | { readonly kind: 'stored'; readonly blob: BlobReference; readonly isSparse: boolean };

const traceFiles: readonly string[] = [versionName, incompleteVersionName, ...laneOrder];
const storedName = new RegExp(`^${ownStoreName}/(${piecesFolder}/)?([0-9a-f]{2})/([0-9a-f]{62})(\\.sparse)?$`);

export function storedMemberName(blob: BlobReference, isSparse: boolean): string {
  return `${ownStoreName}/${blobPath(blob)}${isSparse ? sparseSuffix : ''}`;
}

/** What a member is, and the folder that it is in; undefined for a name that no pack has. */
export function parseMemberName(name: string): { folder: string; member: PackMember } | undefined {
  const slash = name.indexOf('/');
  const folder = name.slice(0, Math.max(0, slash));
  if (!isFolderName(folder)) return undefined;
  const rest = name.slice(slash + 1);
  if (traceFiles.includes(rest)) return { folder, member: { kind: 'trace', file: rest } };
  const [, pieces, head, tail, sparse] = storedName.exec(rest) ?? [];
  if (head === undefined || tail === undefined || (pieces !== undefined && sparse !== undefined)) return undefined;
  const blob: BlobReference = { hash: head + tail, kind: pieces === undefined ? 'file' : 'piece' };
  return { folder, member: { kind: 'stored', blob, isSparse: sparse !== undefined } };
}

/** What may be the name of a recording's directory. */
export function isFolderName(name: string): boolean {
  return name !== '' && !name.startsWith('.') && !/[/\0]/.test(name) && Buffer.byteLength(name) <= 255;
}
