/**
 * import() of what the bundle does not hold. Code that V8 has kept cannot import by itself ("A dynamic import callback was
 * not specified"): there the file that starts it (cli/start.ts) hands its own import() on, under this name.
 */
declare const importByStart: ((specifier: string) => Promise<unknown>) | undefined;

export function importModule(specifier: string): Promise<unknown> {
  return typeof importByStart === 'undefined' ? import(specifier) : importByStart(specifier);
}
