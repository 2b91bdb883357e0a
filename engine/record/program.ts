import { accessSync, constants, statSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { systemReason } from '../trace/trace-error.ts';

/** Default of execvp(3) when the environment has no PATH. */
const defaultPath = '/bin:/usr/bin';

/**
 * The file that a shell would execute for `name`: itself when it has a slash, else the first executable of that name in
 * `path`.
 * @throws EngineError PROGRAM_NOT_FOUND (exit status 127), PROGRAM_NOT_EXECUTABLE (126), as a shell answers
 */
export function findProgram(name: string, path: string | undefined): string {
  if (name.includes('/')) {
    const reason = whyNotExecutable(name);
    if (reason) throw reason;
    return name;
  }
  let denied: EngineError | undefined;
  for (const folder of (path ?? defaultPath).split(':')) {
    const candidate = `${folder === '' ? '.' : folder}/${name}`;
    const reason = whyNotExecutable(candidate);
    if (!reason) return candidate;
    // A directory of that name is no command.
    if (reason.code === 'PROGRAM_NOT_EXECUTABLE' && reason.cause !== undefined) denied ??= reason;
  }
  throw denied ?? new EngineError('PROGRAM_NOT_FOUND', `${name}: command not found`, { exitStatus: 127 });
}

function whyNotExecutable(path: string): EngineError | undefined {
  try {
    if (statSync(path).isDirectory()) {
      return new EngineError('PROGRAM_NOT_EXECUTABLE', `${path}: is a directory`, { exitStatus: 126 });
    }
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return new EngineError('PROGRAM_NOT_FOUND', `${path}: no such file or directory`, { exitStatus: 127, cause });
    }
    const what = code === 'EACCES' ? 'permission denied' : systemReason(cause);
    return new EngineError('PROGRAM_NOT_EXECUTABLE', `${path}: ${what}`, { exitStatus: 126, cause });
  }
}
