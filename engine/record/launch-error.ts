/** Why a program did not start under the recorder, in words for the user. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { EngineError } from '../errors.ts';
import { launcherPath, launchSteps, type RecordingEnd } from './native-recorder.ts';

/**
 * The error of a recording that ended before its program began.
 * Codes: PROGRAM_NOT_EXECUTABLE (status 126, or 127 without its interpreter), NO_SECCOMP, NO_TSC_TRAP, NO_PTRACE,
 * LAUNCH_FAILED.
 */
export function launchError(end: RecordingEnd, program: string): EngineError {
  const reason = errorText(end.launchError);
  switch (end.launchStep) {
    case launchSteps.exec:
      return executionError(end.launchError, program);
    case launchSteps.seccomp:
      return new EngineError(
        'NO_SECCOMP',
        `record: cannot install a seccomp filter: ${reason}; the kernel needs CONFIG_SECCOMP_FILTER, and a container's profile must allow seccomp(2)`,
      );
    case launchSteps.timeStampTrap:
      return new EngineError(
        'NO_TSC_TRAP',
        `record: cannot make rdtsc trap (prctl PR_SET_TSC): ${reason}; a container's profile must allow it`,
      );
    default: {
      if (end.launchError === constants.errno.EPERM) return notPermitted();
      const text = end.launchError === 0 ? 'the launcher ended before the program began' : reason;
      return new EngineError('LAUNCH_FAILED', `record: cannot start ${program} through ${launcherPath}: ${text}`);
    }
  }
}

/** The file was there and executable when it was looked up. */
function executionError(errno: number, program: string): EngineError {
  const { ENOENT, ENOEXEC } = constants.errno;
  const missing = errno === ENOENT;
  let text = `cannot execute ${program}: ${errorText(errno)}`;
  if (missing) text = `${program}: its interpreter or loader does not exist`;
  if (errno === ENOEXEC) text = `${program}: cannot execute a binary file of this format (ENOEXEC)`;
  return new EngineError('PROGRAM_NOT_EXECUTABLE', text, { exitStatus: missing ? 127 : 126 });
}

function notPermitted(): EngineError {
  const tracer = Number(/^TracerPid:\s*(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0);
  const advice =
    tracer === 0
      ? 'see kernel.yama.ptrace_scope, or give the container SYS_PTRACE'
      : `process ${tracer} traces this one and what it starts: record without it`;
  return new EngineError('NO_PTRACE', `record: not permitted to trace the program (PTRACE_SEIZE: EPERM); ${advice}`);
}

/** Text of an errno, as strerror(3) has it, with its name. */
function errorText(errno: number): string {
  const [name, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error'];
  return `${text} (${name})`;
}
