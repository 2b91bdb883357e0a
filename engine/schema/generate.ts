/** Compiles the trace schema into C++, AssemblyScript and TypeScript. */
import { generateAssemblyScript } from './generate-assemblyscript.ts';
import { generateCpp } from './generate-cpp.ts';
import { generateTypeScript } from './generate-typescript.ts';

/** The generated files: path below the project's root, and text. */
export function generateSchema(): Map<string, string> {
  return new Map([
    ['native/generated/schema.h', generateCpp()],
    ['codec/generated/schema.ts', generateAssemblyScript()],
    ['engine/generated/schema.ts', generateTypeScript()],
  ]);
}
