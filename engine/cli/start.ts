/**
 * What `rr` starts with: runs the bundle beside this file (main.ts), with the code that V8 has compiled of it before
 * (scripts/keep-compiled-code.mjs). V8 looks whether that is its own, of this version and these flags; else it compiles anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const folder = dirname(fileURLToPath(import.meta.url));
const bundle = join(folder, 'command-line.cjs');
const compiled = `${bundle}.compiled`;

function readCompiled(): Buffer | undefined {
  try {
    return readFileSync(compiled);
  } catch {
    return undefined; // compiled anew, then
  }
}

type Wrapper = (
  exports: object,
  require: NodeRequire,
  module: object,
  fileName: string,
  folderName: string,
  importByStart: (specifier: string) => Promise<unknown>,
) => void;

const parameters = 'exports, require, module, __filename, __dirname, importByStart';
const cachedData = readCompiled();
const script = new Script(`(function (${parameters}) {${readFileSync(bundle, 'utf8')}\n})`, {
  filename: bundle,
  ...(cachedData === undefined ? {} : { cachedData }),
});
if (process.env.RR_KEEP_COMPILED === '1') {
  process.on('exit', () => writeFileSync(compiled, script.createCachedData()));
}
const module = { exports: {} };
const run = script.runInThisContext() as Wrapper;
run(module.exports, createRequire(bundle), module, bundle, folder, (specifier) => import(specifier));
