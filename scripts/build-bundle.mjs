// Bundles the command line, the worker entry points and the library into dist/, and puts the library's types beside it.
//
// The command line becomes one CommonJS file, although its sources are ECMAScript modules: Node 20 starts it in 27 ms
// where it takes 33 for a module with chunks (and 19 for an empty script). import() of a part that is in the same file
// runs that part when it is reached, so a command still pays for its own code alone. What starts it, and with code that is
// compiled already, is a file of its own (engine/cli/start.ts).
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

// A clone from before a package came in: what is bundled must be there.
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const missing = Object.keys(devDependencies).filter((name) => !existsSync(join(root, 'node_modules', name)));
if (missing.length > 0) {
  console.log(`installing ${missing.join(', ')}`);
  const words = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', words, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(1);
}

const dist = join(root, 'dist');
const workers = readdirSync(join(root, 'workers')).filter((name) => name.endsWith('.ts'));

const common = {
  absWorkingDir: root,
  outdir: dist,
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: ['*.node', 'piscina'],
  // Stack traces in bug reports name the sources.
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
};

const results = await Promise.all([
  build({
    ...common,
    entryPoints: [
      { in: 'engine/cli/start.ts', out: 'rr' },
      { in: 'engine/cli/main.ts', out: 'command-line' },
    ],
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  }),
  build({
    ...common,
    entryPoints: [
      ...workers.map((name) => ({ in: `workers/${name}`, out: name.slice(0, -'.ts'.length) })),
      { in: 'engine/library/index.ts', out: 'rr-engine' },
    ],
    outExtension: { '.js': '.mjs' },
    format: 'esm',
  }),
  // Loaded only where S3 is spoken to. The SDK is CommonJS in parts, and asks for Node's modules by require().
  build({
    ...common,
    entryPoints: [{ in: 'engine/remote/aws.ts', out: 'aws' }],
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    minify: true,
    sourcemap: false,
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  }),
]);

const types = 'dist/rr-engine.d.ts';
copyFileSync(join(root, 'engine/library/rr-engine.d.ts'), join(root, types));

// What a former build left behind.
const written = new Set([types, ...results.flatMap(({ metafile }) => Object.keys(metafile.outputs))]);
for (const name of existsSync(dist) ? readdirSync(dist) : []) {
  if (!written.has(`dist/${name}`)) rmSync(join(dist, name), { recursive: true });
}

await import('./keep-compiled-code.mjs');
