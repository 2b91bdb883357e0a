/**
 * What the client was told of libraries. gdb looks for exceptions at a place in the C++ library. When it is told that this
 * has gone, as where one goes back to a program's beginning, it frees the symbols, keeps the place, and dies of it at the
 * next breakpoint that comes or goes (13.1). So the library stays as long as the client has a breakpoint in it. It comes
 * to the same addresses again.
 */
import type { Library } from './library-list.ts';

const throwsExceptions = /\/lib(?:std)?c\+\+[^/]*$/;

export class KnownLibraries {
  /** By where they are. */
  #before: readonly Library[] = [];

  /** Another program is there. */
  forget(): void {
    this.#before = [];
  }

  /**
   * What the client is told where these are there.
   * @param breakpoints addresses where it has some
   */
  listed(libraries: readonly Library[], breakpoints: readonly number[]): readonly Library[] {
    const isListed = ({ offset }: Library): boolean => libraries.some((each) => each.offset === offset);
    const stay = this.#before.filter((library, index) => {
      const end = this.#before[index + 1]?.offset ?? Number.POSITIVE_INFINITY;
      const isIn = (address: number): boolean => address >= library.offset && address < end;
      return throwsExceptions.test(library.name) && !isListed(library) && breakpoints.some(isIn);
    });
    const all = [...libraries, ...stay];
    this.#before = all.toSorted((one, other) => one.offset - other.offset);
    return all;
  }
}
