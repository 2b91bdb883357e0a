import type { ReplayOptions } from '../cli/options.ts';
import { EngineError } from '../errors.ts';
import { logger, printMessage } from '../log.ts';
import { replayCounter } from '../machine/execution-points.ts';
import { processorRemarks } from '../machine/processor-features.ts';
import { printable } from '../printable.ts';
import { resolveTrace } from '../trace/locations.ts';
import { Ordinals } from '../trace/ordinals.ts';
import { TraceReader } from '../trace/reader.ts';
import type { TraceHeader } from '../trace/trace-header.ts';
import { Divergence } from './divergence.ts';
import { Echo } from './echo.ts';
import { MemoryDumps } from './memory-dumps.ts';
import { primitives } from './primitives.ts';
import { Progress } from './progress.ts';
import { eventText } from './recent-events.ts';
import { Replayer } from './replayer.ts';
import { Statistics } from './statistics.ts';
import { StoredFiles } from './stored-files.ts';
import { WeakPoints } from './weak-points.ts';

const log = logger('replay');

/**
 * Replays a trace from its first event to its last: `rr replay -a`. What the recorded program wrote to standard output
 * and error is written again. Resolves with 0 when the replay went through to the end, 1 when it diverged (after the
 * report on standard error) or when the trace has no end.
 * @throws EngineError for a trace that cannot be read, a store that lacks a file, a machine that cannot replay
 */
export async function replay(options: ReplayOptions): Promise<number> {
  const directory = resolveTrace(options.trace);
  const echo = new Echo({ quiet: options.quiet, mark: options.markStdio });
  const weakPoints = new WeakPoints();
  let ordinals: Ordinals | undefined;
  for (;;) {
    const reader = TraceReader.open(directory);
    try {
      if (ordinals === undefined) tellProcessor(reader.header);
      if (!options.cpuUnbound) bindToRecordedProcessor(reader.header.boundProcessor);
      ordinals ??= new Ordinals(reader);
      const status = replayTrace(reader, options, echo, ordinals, weakPoints);
      if (status !== undefined) return status;
      echo.beginAgain();
    } finally {
      reader.close();
    }
  }
}

/** The exit status; undefined when the replay is to begin again. */
function replayTrace(
  reader: TraceReader,
  options: ReplayOptions,
  echo: Echo,
  ordinals: Ordinals,
  weakPoints: WeakPoints,
): number | undefined {
  const stored = new StoredFiles(reader.store);
  const progress = new Progress(reader.lastEvent, !options.nonInteractive);
  const statistics = new Statistics(options.statsInterval);
  const counter = options.withoutCounter
    ? undefined
    : replayCounter(reader.header.counter, options.cpuUnbound ? -1 : reader.header.boundProcessor);
  if (reader.header.counter !== undefined && counter === undefined) {
    log.info('the trace has ticks that are not counted here: forced stops are found by their state');
  }
  using replayer = new Replayer({
    source: reader,
    stored,
    echo,
    ordinals,
    weakPoints,
    ...(counter === undefined ? {} : { counter }),
  });
  replayer.checksMappings = options.checkMappings;
  replayer.withoutCpuidFaulting = options.withoutCpuidFaulting;
  echo.beforeWrite = () => progress.clear();
  replayer.onTick = () => {
    echo.flush();
    progress.update(reader.event);
  };
  try {
    replayAll(reader, replayer, progress, statistics, new MemoryDumps(options));
    echo.flush();
    if (replayer.end !== undefined) ordinals.save();
  } catch (error) {
    // What was written before belongs before the report.
    if (!(error instanceof EngineError) || error.code === 'OUTPUT_CLOSED') throw error;
    echo.flush();
    progress.clear();
    if (!(error instanceof Divergence)) throw error;
    if (ordinals.retry() || weakPoints.retry(error.event) !== undefined) return undefined;
    printMessage(error.message);
    return error.exitStatus;
  } finally {
    progress.clear();
    replayer.costs?.tell();
  }
  return reportEnd(reader, replayer);
}

function replayAll(
  reader: TraceReader,
  replayer: Replayer,
  progress: Progress,
  statistics: Statistics,
  dumps: MemoryDumps,
): void {
  const tells = log.shows('debug');
  for (let frame = replayer.step(); frame !== undefined; frame = replayer.step()) {
    const event = reader.event;
    if (tells) log.debug(`event ${event}: task ${frame.tid}: ${eventText(frame.eventKind, frame.number)}`);
    dumps.after(frame, replayer.tasks.get(frame.tid));
    if ((event & 0xff) === 0) progress.update(event);
    statistics.count(event, replayer.tasks.size, replayer.echo.bytes);
  }
}

/** A trace that ends early is said to; one whose recording was killed has no end at all. */
function reportEnd(reader: TraceReader, replayer: Replayer): number {
  if (replayer.end === undefined) {
    const reason = printable(reader.end?.reason ?? 'the recording was killed');
    printMessage(
      `${reader.directory}: the trace breaks off after event ${reader.lastEvent}: ${reason}; all before was replayed`,
    );
    return 1;
  }
  if (replayer.end.incomplete) {
    const reason = reader.end?.reason;
    log.warn(
      `the trace ends before the program did, at event ${reader.lastEvent}${reason ? `: ${printable(reason)}` : ''}`,
    );
  }
  return 0;
}

/** Says what of this processor may keep the replay from its end. */
export function tellProcessor({ machine }: TraceHeader): void {
  for (const remark of processorRemarks(machine)) log.warnEnvironment(printable(remark));
}

/** Instructions that tell the processor's number give the recorded one there only. */
export function bindToRecordedProcessor(recorded: number): void {
  if (recorded < 0) return;
  try {
    primitives().bindToProcessor(recorded);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    log.warnEnvironment(
      `cannot run on processor ${recorded}, as the recording did (${code}): programs that ask for its number may diverge`,
    );
  }
}
