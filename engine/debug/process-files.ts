/**
 * Files below /proc/PID as the recorded program would have seen them (proc(5)): what debuggers read of a process. The
 * kernel's own files of the replayed process tell the mappings, under other names and with pages of ours among them.
 */

/** What a file says that is mapped somewhere. */
export interface MappedName {
  readonly path: string;
  /** Offset in the file of the address that was asked for. */
  readonly offset: number;
}

export interface ProcessFacts {
  readonly process: number;
  readonly parent: number;
  readonly tasks: readonly { readonly tid: number; readonly name: string }[];
  /** Absolute paths. */
  readonly program: string;
  readonly workingDirectory: string;
  readonly arguments: readonly string[];
  readonly auxiliaryVector: Uint8Array;
  /** The kernel's maps or smaps of the process that replays this one. */
  readonly kernelFile: (name: 'maps' | 'smaps') => string;
  /** The recorded file at an address. */
  readonly fileAt: (address: number) => MappedName | undefined;
  /** `[heap]`, `[stack]` or `[vdso]` of a range; undefined for others. */
  readonly labelOf: (start: number, end: number) => string | undefined;
  /** True for what is ours and not in the recording. */
  readonly isHidden: (start: number, end: number) => boolean;
}

type FileText = (facts: ProcessFacts, tid: number) => string | Uint8Array;

const files: Readonly<Record<string, FileText>> = {
  maps: ({ kernelFile, ...facts }) => renameMappings(kernelFile('maps'), facts),
  smaps: ({ kernelFile, ...facts }) => renameMappings(kernelFile('smaps'), facts),
  cmdline: (facts) => facts.arguments.map((each) => `${each}\0`).join(''),
  comm: (facts, tid) => `${nameOf(facts, tid)}\n`,
  exe: ({ program }) => program,
  cwd: ({ workingDirectory }) => workingDirectory,
  auxv: ({ auxiliaryVector }) => auxiliaryVector,
  status: (facts, tid) =>
    [
      `Name:\t${nameOf(facts, tid)}`,
      'State:\tt (tracing stop)',
      `Tgid:\t${facts.process}`,
      `Pid:\t${tid}`,
      `PPid:\t${facts.parent}`,
      'TracerPid:\t0',
      `Threads:\t${facts.tasks.length}`,
      '',
    ].join('\n'),
  stat: (facts, tid) => `${tid} (${nameOf(facts, tid)}) t ${facts.parent} ${Array(48).fill('0').join(' ')}\n`,
};

function nameOf({ tasks }: ProcessFacts, tid: number): string {
  return tasks.find((task) => task.tid === tid)?.name ?? '';
}

/**
 * The content of `/proc/PID/NAME` or `/proc/PID/task/TID/NAME`, of a link its text. Undefined for another process, a task
 * that is not there, or a file that is not known.
 */
export function processFile(facts: ProcessFacts, path: string): Uint8Array | undefined {
  const match = /^\/proc\/(\d+)\/(?:task\/(\d+)\/)?(\w+)$/.exec(path);
  if (match === null || Number(match[1]) !== facts.process) return undefined;
  const tid = match[2] === undefined ? facts.process : Number(match[2]);
  if (match[2] !== undefined && !facts.tasks.some((task) => task.tid === tid)) return undefined;
  const name = match[3] ?? '';
  const content = Object.hasOwn(files, name) ? files[name]!(facts, tid) : undefined;
  return typeof content === 'string' ? Buffer.from(content) : content;
}

const mappingLine = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$/;
/** Where the kernel puts the path: behind this many characters. */
const pathColumn = 73;

/** maps or smaps with the recorded files, and without what is ours. Lines that tell of a mapping go with it. */
function renameMappings(text: string, facts: Pick<ProcessFacts, 'fileAt' | 'isHidden' | 'labelOf'>): string {
  let hidden = false;
  const lines = text.split('\n').flatMap((line) => {
    const match = mappingLine.exec(line);
    if (match === null) return hidden ? [] : [line];
    const [, startText = '', endText = '', permissions = ''] = match;
    const start = Number.parseInt(startText, 16);
    const end = Number.parseInt(endText, 16);
    hidden = facts.isHidden(start, end);
    if (hidden) return [];
    const file = facts.fileAt(start);
    const label = file === undefined ? facts.labelOf(start, end) : undefined;
    const offset = (file?.offset ?? 0).toString(16).padStart(8, '0');
    // Devices and inodes of the recording tell a debugger nothing; that there is a file does.
    const identity = file === undefined ? '00:00 0' : '00:01 1';
    const head = `${startText}-${endText} ${permissions} ${offset} ${identity} `;
    return [`${head.padEnd(pathColumn)}${file?.path ?? label ?? ''}`.trimEnd()];
  });
  return lines.join('\n');
}
