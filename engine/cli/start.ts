/**
 * What `rr` starts with: runs the bundle beside this file (main.ts), with the code that V8 has compiled of it before
 * (scripts/keep-compiled-code.mjs). V8 looks whether that is its own, of this version and these flags; else it compiles anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, Script } from 'node:vm';

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

type Wrapper = (exports: object, require: NodeRequire, module: object, fileName: string, folderName: string) => void;

/** `loader`: what import() of a package goes by; Node before 20.12 has none for scripts. */
function runBundle(loader: number): void {
  const cachedData = readCompiled();
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(bundle, 'utf8')}\n})`;
  const script = new Script(source, {
    filename: bundle,
    importModuleDynamically: loader,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  if (process.env.RR_KEEP_COMPILED === '1') {
    process.on('exit', () => writeFileSync(compiled, script.createCachedData()));
  }
  const module = { exports: {} };
  (script.runInThisContext() as Wrapper)(module.exports, createRequire(bundle), module, bundle, folder);
}

const loader = (constants as { USE_MAIN_CONTEXT_DEFAULT_LOADER?: number } | undefined)?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
if (loader === undefined) createRequire(bundle)(bundle);
else runBundle(loader);
