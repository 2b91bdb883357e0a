/** The native addon: one file for all parts, which type what they use of it themselves. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { EngineError } from './errors.ts';
import { packageRoot } from './package-root.ts';

let loaded: unknown;

/** @throws EngineError ADDON_MISSING when it is not built or cannot be loaded. */
export function loadAddon<Functions>(): Functions {
  if (loaded !== undefined) return loaded as Functions;
  const path = join(packageRoot, 'build/Release/rr_engine.node');
  try {
    loaded = createRequire(import.meta.url)(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const text = `cannot load the native addon ${path}: ${reason}; \`npm run build\` makes it`;
    throw new EngineError('ADDON_MISSING', text, { cause });
  }
  return loaded as Functions;
}
