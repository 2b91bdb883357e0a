/** Every command and option, those that are not available yet included: rr's own, then ours. */
import type { CommandSpec, OptionSpec } from './grammar.ts';

/** Options that rr has and we do not, yet. */
function later(long: string, help: string, more: Partial<OptionSpec> = {}): OptionSpec {
  return { long, help, state: 'later', ...more };
}

/** Options that rr has and that we cannot have; `refusal` goes behind the option's name. */
function refused(long: string, refusal: string, more: Partial<OptionSpec> = {}): OptionSpec {
  return { long, help: refusal, state: 'hidden', refusal, ...more };
}

const json: OptionSpec = { long: 'json', help: 'print JSON, one object a line' };
const remoteOption: OptionSpec = { long: 'remote', value: 'URL', help: 'the store elsewhere (default $RR_REMOTE)' };
const timeoutOption: OptionSpec = { long: 'timeout', value: 'TIME', help: 'without an answer (default 30s)' };
const remoteNotes = [
  'URL is http://, https:// (content at cas/SHA256, as build caches and WebDAV serve it) or s3://BUCKET/PREFIX. Who asks',
  'tells the URL, RR_REMOTE_TOKEN or ~/.netrc; for S3 the environment and the profiles of AWS.',
];
const store: OptionSpec = { long: 'store', value: 'DIR', help: 'this store, not the usual one' };
const cpuUnbound: OptionSpec = { long: 'cpu-unbound', short: 'u', help: 'bind the program to no processor' };

export const globalOptions: readonly OptionSpec[] = [
  { long: 'help', short: 'h', help: 'print this, or the help of the command that follows' },
  { long: 'version', short: 'N', help: 'print the version' },
  { long: 'list-commands', help: 'print the names of all commands' },
  {
    long: 'checksum',
    short: 'C',
    value: 'WHEN',
    help: 'checksums of memory: on-syscalls, on-all-events, every:N, or from event N on',
  },
  { long: 'fatal-errors', short: 'E', help: 'a warning ends the command like an error' },
  { long: 'mark-stdio', short: 'M', help: 'mark what the program writes to its terminal with [rr PID EVENT]' },
  { long: 'suppress-environment-warnings', short: 'S', help: 'no warnings about this machine' },
  { long: 'non-interactive', help: 'as without a terminal: no progress is shown, and nothing is asked' },
  { long: 'no-config', help: 'take no options from configuration files and RR_OPTIONS' },
  { long: 'log', value: 'SPEC', help: 'SUBSYSTEM:LEVEL,... with levels error, warn, info, debug; also RR_LOG' },
  { long: 'resource-path', value: 'DIR', state: 'hidden', help: 'accepted, without effect' },
  { long: 'microarch', short: 'A', value: 'NAME', help: 'the processor to assume; see rr cpufeatures' },
  {
    long: 'dump-on',
    short: 'D',
    value: 'SYSCALL|SIGNAL',
    help: 'replay: write memory to files after each such call or signal',
  },
  { long: 'dump-at', short: 'T', value: 'EVENT', help: 'replay: write memory to a file after an event' },
  { long: 'force-things', short: 'F', state: 'hidden', help: 'accepted: nothing is refused that it would allow' },
  {
    long: 'check-cached-mmaps',
    short: 'K',
    help: 'replay: compare what is known of mapped files with the kernel’s list after each event',
  },
  later('disable-cpuid-faulting', 'do without CPUID faulting'),
  {
    long: 'disable-ptrace-exit-events',
    alias: 'disable-ptrace-exit_events',
    state: 'hidden',
    help: 'accepted: the end of a task is seen in any case',
  },
];

const recordCommand: CommandSpec = {
  name: 'record',
  summary: 'run a program and record it',
  operands: 'EXE [ARGS]...',
  stopsAtOperand: true,
  options: [
    { long: 'output-trace-dir', short: 'o', value: 'DIR', help: 'record to exactly this directory, which must be new' },
    {
      long: 'print-trace-dir',
      short: 'p',
      value: 'FD',
      help: 'write the name of the trace directory to descriptor FD',
    },
    { long: 'env', short: 'v', value: 'NAME=VALUE', repeatable: true, help: 'set a variable for the program' },
    { long: 'wait', short: 'w', help: 'wait for all processes, not for the first one alone' },
    {
      long: 'continue-through-signal',
      short: 't',
      value: 'SIG',
      help: 'where the program does not handle it, this signal is ignored instead of fatal',
    },
    {
      long: 'ignore-signal',
      short: 'i',
      value: 'SIG',
      help: 'keep this signal, when it is sent, from the program, whatever it would do with it',
    },
    { long: 'compress', value: 'LEVEL', valueOptional: true, help: 'none, fast (default) or best; only with =' },
    {
      long: 'num-cores',
      value: 'N',
      help: 'the number of processors that the program is told of (default 1; in chaos mode 1 to 8)',
    },
    { long: 'bind-to-cpu', value: 'any|N', help: 'the processor to run on' },
    cpuUnbound,
    {
      long: 'num-cpu-ticks',
      short: 'c',
      value: 'N',
      help: 'the longest time slice, nanoseconds (default 10000000, least 100000)',
    },
    { long: 'always-switch', short: 's', help: 'switch tasks at every event' },
    { long: 'chaos', short: 'h', help: 'random priorities, time slices and number of cores, to bring out rare bugs' },
    { long: 'chaos-seed', value: 'N', help: 'chaos with the choices of an earlier one (rr traceinfo tells its seed)' },
    { long: 'no-syscall-buffer', short: 'n', help: 'trace every system call' },
    { long: 'no-preload', help: 'inject no code into the program; implies -n' },
    {
      long: 'nested',
      value: 'ignore|release',
      help: 'inside another recording: run the program only, recorded by that or, released, by none',
    },
    {
      long: 'skip',
      value: 'PATTERN',
      repeatable: true,
      help: 'leave processes unrecorded that execute it: a name, or with / a path; with * and ?',
    },
    { long: 'store', value: 'DIR', help: 'keep mapped files here, for all traces of the machine' },
    { long: 'store-rights', value: 'WHO', help: 'who may use a store that is made: user (default), group or all' },
    { long: 'force-stops', value: 'MIN-MAX', state: 'hidden', help: 'stop in mid-code after random microseconds' },
    { long: 'weak-stops', state: 'hidden', help: 'hash no memory at stops in mid-code' },
    { long: 'replace-rdtsc', state: 'hidden', help: 'replace rdtsc in code of files, as where it does not trap' },
    { long: 'patch-after', value: 'N', state: 'hidden', help: 'buffer a system call site from its Nth call on' },
    { long: 'counter', value: 'WHICH', state: 'hidden', help: 'auto, none, or breakpoint:0xADDRESS[/SKID]' },
    { long: 'slice-ticks', value: 'N', state: 'hidden', help: 'length of a time slice in counted ticks' },
    { long: 'ring-slots', value: 'N', state: 'hidden', help: 'number of buffers between tracer and disk' },
    { long: 'no-file-cloning', state: 'hidden', help: 'accepted: files are copied, never cloned' },
    { long: 'no-read-cloning', state: 'hidden', help: 'accepted: what is read is copied, never cloned' },
    { long: 'syscall-buffer-sig', value: 'N', state: 'hidden', help: 'accepted: the buffer needs no signal' },
    { long: 'syscall-buffer-size', value: 'KILOBYTES', state: 'hidden', help: 'accepted: the buffer has one size' },
    { long: 'scarce-fds', state: 'hidden', help: 'accepted: the recorder takes no descriptor of the program’s' },
    { long: 'unmap-vdso', state: 'hidden', help: 'accepted: its functions make system calls as it is' },
    { long: 'setuid-sudo', help: 'under sudo: run the program as the user who called it, so that set-user-id works' },
    { long: 'trace-id', value: 'UUID', help: 'the identifier of the trace, which rr traceinfo tells (default: any)' },
    { long: 'disable-avx-512', help: 'hide AVX-512 from the program' },
    { long: 'disable-cpuid-features', value: 'ECX[,EDX]', help: 'hide these features: bits of cpuid’s leaf 1' },
    { long: 'disable-cpuid-features-ext', value: 'EBX[,ECX[,EDX]]', help: 'the same of leaf 7' },
    { long: 'disable-cpuid-features-xsave', value: 'EAX', help: 'the same of leaf 0xd, part 1' },
    { long: 'stap-sdt', state: 'hidden', help: 'accepted: probes of the program stay as they are' },
    { long: 'asan', state: 'hidden', help: 'accepted: AddressSanitizer needs nothing' },
    { long: 'tsan', state: 'hidden', help: 'accepted: ThreadSanitizer needs nothing' },
    refused(
      'check-outside-mmaps',
      'what processes outside of the recording write to shared mappings is not seen; record them together',
    ),
    { long: 'portable', help: 'record what cpuid tells, as -u: for a replay on another processor' },
    {
      long: 'keep',
      value: 'WHEN',
      help: 'always (default), never, or failures: remove what has ended with status 0',
    },
    { long: 'max-size', value: 'SIZE', help: 'end the recording at this size, as 500M or 2G' },
    { long: 'max-time', value: 'TIME', help: 'end the recording after this time, as 90s, 10m or 2h' },
    {
      long: 'at-cap',
      value: 'WHAT',
      help: 'then stop, so that the program goes on unrecorded (default), or kill it',
    },
    {
      long: 'push',
      value: 'WHEN',
      help: 'bring the recording to a store elsewhere: never (default), failures or always',
    },
    remoteOption,
    refused(
      'keep-last',
      'the newest part alone cannot be replayed without checkpoints; --max-size and --max-time keep the beginning, and --keep=failures drops what went well',
      { value: 'SIZE|TIME' },
    ),
  ],
};

const replayCommand: CommandSpec = {
  name: 'replay',
  takesTrace: true,
  summary: 'run a recording again',
  operands: '[TRACE] [-- DEBUGGER-OPTIONS]',
  maxOperands: 1,
  takesDebuggerOptions: true,
  options: [
    { long: 'autopilot', short: 'a', help: 'replay to the end without a debugger' },
    { long: 'no-redirect-output', short: 'q', help: 'do not print again what the program printed' },
    cpuUnbound,
    { long: 'stats', value: 'N', help: 'print statistics every N events' },
    { long: 'counter', value: 'none', state: 'hidden', help: 'none: find forced stops by their state' },
    { long: 'goto', short: 'g', value: 'EVENT', help: 'debug from this event on' },
    { long: 'goto-exit', short: 'e', help: 'debug from the end of the recording; with -p or -f, of that process' },
    {
      long: 'onprocess',
      short: 'p',
      value: 'PID|NAME',
      help: 'debug this process, from where it executed its program',
    },
    { long: 'onfork', short: 'f', value: 'PID', help: 'debug this process, from where it was forked' },
    {
      long: 'debugger',
      short: 'd',
      value: 'FILE',
      help: 'the debugger to start (default gdb; lldb goes forwards only)',
    },
    { long: 'gdb-x', short: 'x', value: 'FILE', repeatable: true, help: 'commands for the debugger to read' },
    {
      long: 'debugger-option',
      short: 'o',
      value: 'OPTION',
      repeatable: true,
      help: 'an option for the debugger, as what stands behind --',
    },
    { long: 'interpreter', short: 'i', value: 'NAME', help: 'gdb’s interpreter, as mi' },
    { long: 'fullname', help: 'gdb’s option, for Emacs' },
    { long: 'dbgport', short: 's', value: 'PORT', help: 'start no debugger, wait for one at this port; 0 picks one' },
    { long: 'dbghost', short: 'h', value: 'HOST', help: 'the address to wait at (default 127.0.0.1)' },
    { long: 'keep-listening', short: 'k', help: 'with -s: wait for the next debugger when one has gone' },
    { long: 'serve-files', help: 'let the debugger read files of this machine through the connection' },
    { long: 'tty', value: 'FILE', help: 'what the program prints goes to this terminal' },
    {
      long: 'trace',
      short: 't',
      value: 'EVENT',
      help: 'no debugger: print registers at each instruction up to this event',
    },
    { long: 'retry-transient-errors', state: 'hidden', help: 'accepted: a replay tries again by itself' },
    { long: 'share-private-mappings', state: 'hidden', help: 'accepted: private memory is in /proc/PID/mem' },
  ],
};

const dumpCommand: CommandSpec = {
  name: 'dump',
  takesTrace: true,
  summary: 'print the events of a recording',
  operands: '[TRACE] [EVENT|A-B|end]...',
  options: [
    { long: 'syscallbuf', short: 'b', help: 'contents of system call buffers' },
    { long: 'task-events', short: 'e', help: 'tasks that began, executed a program or ended' },
    { long: 'recorded-metadata', short: 'm', help: 'where recorded data goes' },
    { long: 'mmaps', short: 'p', help: 'mappings' },
    { long: 'raw', short: 'r', help: 'registers and numbers as they are' },
    { long: 'socket-addresses', help: 'addresses that accept, getsockname, getpeername and recvfrom gave' },
    { long: 'statistics', short: 's', help: 'counts by system call and bytes by kind of record' },
    { long: 'tid', short: 't', value: 'TID', help: 'events of this task only' },
    json,
  ],
  notes: ['An event is a number, a range A-B with both ends, or end: the last event.'],
};

const rerunCommand: CommandSpec = {
  name: 'rerun',
  takesTrace: true,
  summary: 'replay a part of a recording, and print registers at each instruction or event',
  operands: '[TRACE]',
  maxOperands: 1,
  options: [
    { long: 'trace-start', short: 's', value: 'EVENT', help: 'begin on the way to this event (default 1)' },
    { long: 'trace-end', short: 'e', value: 'EVENT', help: 'end before this event, on the way to it (default: never)' },
    { long: 'singlestep', value: 'REGS', help: 'a line at the beginning, and after each instruction and event' },
    { long: 'event-regs', value: 'REGS', help: 'a line after each event' },
    { long: 'raw', short: 'r', help: 'the values themselves, little-endian, without names and spaces between them' },
    { long: 'function', short: 'f', value: 'ADDR', help: 'call this function at the beginning, and end with it' },
    cpuUnbound,
  ],
  notes: [
    'REGS are words with commas between them: names of registers as gdb has them; gp_x16, xmm_x16, ymm_x16, seg_x6 for',
    'all of a kind; ip, flags, xinuse; tid; event, the last one that is over, and icount, the instructions since then.',
    'All tasks of all processes are stepped. EVENT+ICOUNT is a place for `seek` in the debugger.',
  ],
};

export const commands: readonly CommandSpec[] = [
  recordCommand,
  replayCommand,
  dumpCommand,
  {
    name: 'ps',
    takesTrace: true,
    summary: 'list the processes of a recording',
    operands: '[TRACE]',
    maxOperands: 1,
    options: [json],
    notes: [
      'Columns: PID, PPID, EXIT (-SIGNAL for a death by signal), CMD, separated by tabs. Behind the PID, in parentheses,',
      'what it is in a pid namespace of the recording’s.',
    ],
  },
  {
    name: 'ls',
    summary: 'list recordings',
    operands: '[PREFIX]...',
    options: [
      { long: 'long', alias: 'long-listing', short: 'l', help: 'with time, size, exit status and command' },
      { long: 'time', alias: 'sort-by-age', short: 't', help: 'newest first' },
      { long: 'reverse', short: 'r', help: 'the other way round' },
      { long: 'remote', value: 'URL', valueOptional: true, help: 'those of a store elsewhere (default $RR_REMOTE)' },
      timeoutOption,
      json,
    ],
  },
  {
    name: 'rm',
    summary: 'remove recordings',
    operands: '[TRACE]...',
    options: [
      { long: 'force', short: 'f', help: 'also what is being recorded or cannot be read' },
      { long: 'older-than', value: 'TIME', help: 'instead of names: all that began longer ago than this, as 7d' },
      { long: 'larger-than', value: 'SIZE', help: 'instead of names: all that are larger than this, as 100M' },
      { long: 'dry-run', help: 'print their names, and remove nothing' },
      json,
    ],
    notes: ['Where age and size are given both must hold. What has not ended is left then, unless -f is given.'],
  },
  {
    name: 'mv',
    summary: 'rename a recording',
    operands: 'TRACE NEW',
    maxOperands: 2,
    options: [{ long: 'force', short: 'f', help: 'also one that has not ended, or was killed' }, json],
    notes: ['NEW is a name beside TRACE, or with a slash a path.'],
  },
  {
    name: 'buildid',
    summary: 'print the build identifiers of ELF files',
    operands: '[FILE]...',
    options: [json],
    notes: [
      'Without FILE their names are read from standard input, up to an empty line; each line is answered by one.',
    ],
  },
  {
    name: 'filename',
    takesTrace: true,
    summary: 'print the names of the files that a recording maps',
    operands: '[TRACE]',
    maxOperands: 1,
    options: [json],
  },
  {
    name: 'sources',
    takesTrace: true,
    summary: 'list the source files of the programs of a recording, as JSON',
    operands: '[TRACE]',
    maxOperands: 1,
    options: [json],
    notes: [
      'files: by the root of their repository, or "". Names come from debug information; what is not here is left out.',
    ],
  },
  {
    name: 'explicit-sources',
    takesTrace: true,
    summary: 'list source files by the names that debug information has',
    operands: '[TRACE]',
    maxOperands: 1,
    options: [json],
  },
  {
    name: 'traceinfo',
    takesTrace: true,
    summary: 'describe a recording, as JSON',
    operands: '[TRACE]',
    maxOperands: 1,
    options: [json],
  },
  {
    name: 'cpufeatures',
    summary: 'tell what this machine can do for a recording',
    operands: '',
    maxOperands: 0,
    options: [json],
  },
  rerunCommand,
  { name: 'help', summary: 'print help', operands: '[COMMAND]', maxOperands: 1, options: [] },
  {
    name: 'pack',
    summary: 'make recordings independent of this machine and its store',
    operands: '[TRACE]...',
    options: [
      { long: 'output', short: 'o', value: 'NAME', help: 'make a pack of it: NAME.rrz one file, else a directory' },
      { long: 'strip-env', help: 'leave the environment out of the pack’s header' },
      { long: 'redact', value: 'NAME', repeatable: true, help: 'leave this variable out of the pack’s header' },
      { long: 'symlink', state: 'hidden', help: 'accepted: files are copied' },
      json,
    ],
    notes: [
      'Without -o the recordings get a store of their own, in their directories. A .rrz file is a ZIP file, which every',
      'command takes where it takes a recording. Variables are in the recorded memory of the programs, too, and stay there.',
    ],
  },
  {
    name: 'push',
    summary: 'bring recordings to a store elsewhere: only what is missing there travels',
    operands: '[URL] [TRACE]...',
    options: [
      remoteOption,
      timeoutOption,
      { long: 'strip-env', help: 'leave the environment out of the header there' },
      { long: 'redact', value: 'NAME', repeatable: true, help: 'leave this variable out of the header there' },
      json,
    ],
    notes: remoteNotes,
  },
  {
    name: 'pull',
    summary: 'get recordings from a store elsewhere',
    operands: '[URL] NAME...',
    options: [
      { long: 'output', short: 'o', value: 'DIRECTORY', help: 'this directory (default: among the other recordings)' },
      { long: 'store', value: 'DIR', help: 'keep mapped files here (default: beside the recordings)' },
      remoteOption,
      timeoutOption,
      json,
    ],
    notes: ['NAME is what push has printed, or what rr ls lists of a store elsewhere.', ...remoteNotes],
  },
  {
    name: 'unpack',
    summary: 'make a recording of a pack',
    operands: 'FILE.rrz',
    maxOperands: 1,
    options: [
      { long: 'output', short: 'o', value: 'DIRECTORY', help: 'this directory (default: among the other recordings)' },
      json,
    ],
  },
  {
    name: 'compress',
    summary: 'write a recording again, smaller',
    operands: '[TRACE]',
    maxOperands: 1,
    options: [{ long: 'compress', value: 'LEVEL', help: 'none, fast or best (default)' }, json],
    notes: ['It takes the place of the old one when all of it is on the disk and has been compared.'],
  },
  {
    name: 'gc',
    summary: 'drop stored files that no recording refers to',
    operands: '',
    maxOperands: 0,
    options: [
      store,
      { long: 'dry-run', short: 'n', help: 'tell what would be removed' },
      { long: 'earlier', help: 'also files from before recordings told the store of themselves' },
      { long: 'drop-unreachable', help: 'forget recordings that cannot be looked at' },
      json,
    ],
    notes: ['Recordings may go on meanwhile. One that was moved by hand, not by rr mv, counts as gone.'],
  },
  {
    name: 'store',
    summary: 'list what the store of recordings holds, or verify it',
    operands: '[verify]',
    maxOperands: 1,
    options: [
      store,
      { long: 'by-trace', help: 'how much of it each recording refers to, and how much that alone does' },
      { long: 'repair', help: 'verify: put aside what is wrong, so that the next recording stores it again' },
      json,
    ],
  },
  {
    name: 'gdbinit',
    summary: 'print the commands that gdb needs for a replay',
    operands: '',
    maxOperands: 0,
    options: [],
  },
  {
    name: 'lldbinit',
    summary: 'print the commands that lldb needs for a replay',
    operands: '',
    maxOperands: 0,
    options: [],
  },
];

export function findCommand(name: string): CommandSpec | undefined {
  return commands.find((each) => each.name === name);
}
