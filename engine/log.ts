/**
 * Messages of ours, by subsystem and level, to standard error. `--log` or RR_LOG choose what is shown:
 * `SUBSYSTEM[:LEVEL],...`, with `all` for the rest; `all:warn` is the default. `replay:debug,all:error` is typical.
 *
 * Settings belong to the process's main thread; a worker has its own copy of this module and stays at the default.
 */
import { EngineError, UsageError } from './errors.ts';
import { printableLines } from './printable.ts';
import { writeAll } from './write-all.ts';

const levels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof levels)[number];

/** A message, or what makes it when it is wanted. */
type Message = string | (() => string);

export interface Logger {
  error(message: Message): void;
  /** Something is wrong, the command goes on. With `-E` it throws EngineError WARNING_IS_FATAL instead. */
  warn(message: Message): void;
  /** A warning about the machine that the user may have no power over; `-S` silences it. */
  warnEnvironment(message: Message): void;
  info(message: Message): void;
  debug(message: Message): void;
  /** True when messages of that level are shown: for what costs time to find out. */
  shows(level: LogLevel): boolean;
}

interface LogSettings {
  levelBySubsystem: ReadonlyMap<string, LogLevel>;
  defaultLevel: LogLevel;
  fatalErrors: boolean;
  suppressEnvironmentWarnings: boolean;
}

let settings: LogSettings = {
  levelBySubsystem: new Map(),
  defaultLevel: 'warn',
  fatalErrors: false,
  suppressEnvironmentWarnings: false,
};

/**
 * Reads a specification as above; a subsystem without a level means `debug`. rr's level `fatal` means `error` here.
 * @throws UsageError BAD_LOG_SPEC that names the part.
 */
export function parseLogSpec(spec: string): Pick<LogSettings, 'levelBySubsystem' | 'defaultLevel'> {
  const levelBySubsystem = new Map<string, LogLevel>();
  let defaultLevel: LogLevel = 'warn';
  for (const part of spec.split(',').filter((each) => each !== '')) {
    const [subsystem = '', word = 'debug', ...rest] = part.split(':');
    const level = word === 'fatal' ? 'error' : levels.find((each) => each === word);
    if (subsystem === '' || level === undefined || rest.length > 0) {
      throw new UsageError(
        'BAD_LOG_SPEC',
        `log specification "${part}": expected SUBSYSTEM:LEVEL with a level of ${levels.join(', ')}`,
      );
    }
    if (subsystem === 'all') defaultLevel = level;
    else levelBySubsystem.set(subsystem, level);
  }
  return { levelBySubsystem, defaultLevel };
}

/** Sets what is shown from now on, by all loggers. @throws UsageError BAD_LOG_SPEC */
export function configureLog(options: {
  spec: string;
  fatalErrors: boolean;
  suppressEnvironmentWarnings: boolean;
}): void {
  const { spec, fatalErrors, suppressEnvironmentWarnings } = options;
  settings = { ...parseLogSpec(spec), fatalErrors, suppressEnvironmentWarnings };
}

/** The logger of a subsystem: `record`, `replay`, `trace`, `store`, ... */
export function logger(subsystem: string): Logger {
  const shows = (level: LogLevel): boolean =>
    levels.indexOf(level) <= levels.indexOf(settings.levelBySubsystem.get(subsystem) ?? settings.defaultLevel);
  const write = (level: LogLevel, message: Message): void => {
    if (!shows(level)) return;
    const text = typeof message === 'string' ? message : message();
    if (level === 'error') printMessage(text);
    else if (level === 'warn') printMessage(`warning: ${text}`);
    else printMessage(`${level} ${subsystem}: ${text}`);
  };
  const warn = (message: Message): void => {
    if (settings.fatalErrors) {
      const text = typeof message === 'string' ? message : message();
      throw new EngineError('WARNING_IS_FATAL', `${text} (a warning, fatal because of -E)`);
    }
    write('warn', message);
  };
  return {
    error: (message) => write('error', message),
    warn,
    warnEnvironment: (message) => {
      if (!settings.suppressEnvironmentWarnings) warn(message);
    },
    info: (message) => write('info', message),
    debug: (message) => write('debug', message),
    shows,
  };
}

/** Writes `rr: TEXT` as a line to standard error, whatever the log's settings. */
export function printMessage(text: string): void {
  writeAll(2, `rr: ${printableLines(text)}\n`);
}
