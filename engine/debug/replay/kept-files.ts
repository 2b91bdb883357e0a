/** The files that a recording keeps, by the names that its programs and a debugger have for them. */
import { basename, dirname } from 'node:path';
import { mappedFileNames } from '../../dump/mapped-file-names.ts';
import type { TraceReader } from '../../trace/reader.ts';
import type { KeptFile } from '../target.ts';

/** Folders that are links into /usr in most systems of today: the kernel names what is mapped without links. */
const linkedFolder = /^\/(?:bin|sbin|lib|lib32|lib64)\//;

export class KeptFiles {
  readonly #store: string;
  readonly #hashes = new Map<string, string>();

  /** @throws TraceError */
  constructor(reader: TraceReader) {
    this.#store = reader.store;
    for (const { path, hash } of mappedFileNames(reader)) {
      if (hash !== undefined) this.#hashes.set(path, hash);
    }
  }

  /** A file as it was last mapped, by its name or one that leads to it; undefined where it was not mapped. */
  find(path: string): KeptFile | undefined {
    const hash = this.#byName(path) ?? (linkedFolder.test(path) ? this.#byName(`/usr${path}`) : undefined);
    return hash === undefined ? undefined : { store: this.#store, hash };
  }

  /** A library is asked for by its soname, which is a link to the file with the whole version. */
  #byName(path: string): string | undefined {
    const exact = this.#hashes.get(path);
    if (exact !== undefined || !/\.so(?:\.|$)/.test(basename(path))) return exact;
    const versions = [...this.#hashes].filter(
      ([name]) => dirname(name) === dirname(path) && basename(name).startsWith(`${basename(path)}.`),
    );
    return versions.length === 1 ? versions[0]![1] : undefined;
  }
}
