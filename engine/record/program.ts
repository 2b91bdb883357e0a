import { accessSync, constants, statSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { systemReason } from '../trace/trace-error.ts';

/** Default of execvp(3) when the environment has no PATH. */
const defaultPath = Buffer.from('/bin:/usr/bin');
const slash = 0x2f;
const colon = 0x3a;

/**
 * The file that a shell would execute for `name`: itself when it has a slash, else the first executable of that name in
 * `path`; and where there is none, one in the working directory. All are bytes: file names need not be UTF-8.
 * @throws EngineError PROGRAM_NOT_FOUND (exit status 127), PROGRAM_NOT_EXECUTABLE and PROGRAM_IS_DIRECTORY (126), as a
 * shell answers
 */
export function findProgram(name: Buffer, path: Buffer | undefined): Buffer {
  if (name.includes(slash)) {
    const reason = whyNotExecutable(name);
    if (reason) throw reason;
    return name;
  }
  let denied: EngineError | undefined;
  const inFolder = Buffer.concat([Buffer.from('./'), name]);
  for (const folder of name.length === 0 ? [] : splitAtColon(path ?? defaultPath)) {
    const candidate = Buffer.concat([folder.length === 0 ? Buffer.from('.') : folder, Buffer.of(slash), name]);
    const reason = whyNotExecutable(candidate);
    if (!reason) return candidate;
    // A directory of that name is no command.
    if (reason.code === 'PROGRAM_NOT_EXECUTABLE') denied ??= reason;
  }
  // rr runs what lies in the working directory, where a shell does not look.
  if (name.length > 0 && !denied && !whyNotExecutable(inFolder)) return inFolder;
  throw denied ?? new EngineError('PROGRAM_NOT_FOUND', `${name.toString()}: command not found`, { exitStatus: 127 });
}

function splitAtColon(path: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0; start <= path.length; ) {
    const found = path.indexOf(colon, start);
    const end = found < 0 ? path.length : found;
    parts.push(path.subarray(start, end));
    start = end + 1;
  }
  return parts;
}

function whyNotExecutable(path: Buffer): EngineError | undefined {
  try {
    if (statSync(path).isDirectory()) {
      return new EngineError('PROGRAM_IS_DIRECTORY', `${path.toString()}: is a directory`, { exitStatus: 126 });
    }
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const text = `${path.toString()}: no such file or directory`;
      return new EngineError('PROGRAM_NOT_FOUND', text, { exitStatus: 127, cause });
    }
    const what = code === 'EACCES' ? 'permission denied' : systemReason(cause);
    return new EngineError('PROGRAM_NOT_EXECUTABLE', `${path.toString()}: ${what}`, { exitStatus: 126, cause });
  }
}
