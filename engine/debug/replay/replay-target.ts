/**
 * A Target over a replay (target.ts). It runs in a thread of its own and answers requests one after the other; while the
 * replay runs it is deep inside an event, and so it answers there, too: at a stop it serves the debugger until that says
 * to go on. Going elsewhere unwinds by one exception, and the abandoned replay is disposed of.
 */
import { EngineError } from '../../errors.ts';
import { logger } from '../../log.ts';
import { Echo } from '../../replay/echo.ts';
import { startProcesses } from '../../replay/primitives.ts';
import type { Task } from '../../replay/task.ts';
import type { Place, Resume, Stop, Target, WriteSearch } from '../target.ts';
import { Backwards, type Met } from './backwards.ts';
import { Changes } from './changes.ts';
import { type Client, Closed, Leave, type Request } from './client.ts';
import { Interactive } from './interactive.ts';
import { OpenPlaces } from './open-places.ts';
import { type Position, parsePosition, positionText } from './position.ts';
import { PredecessorSearch } from './predecessor-search.ts';
import { Recorded } from './recorded.ts';
import { Requests } from './requests.ts';
import { type ReturningFrame, returningFrame } from './returning-frame.ts';
import { Timeline } from './timeline.ts';
import { WantedStops } from './wanted-stops.ts';
import { Writes } from './writes.ts';

const log = logger('debug');

export interface ReplayTargetOptions {
  readonly directory: string;
  readonly quiet: boolean;
  readonly client: Client;
  /** Descriptor for the program's output, instead of our own. */
  readonly output?: number;
}

export class ReplayTarget {
  readonly #client: Client;
  readonly #recorded: Recorded;
  readonly #timeline: Timeline;
  readonly #wanted = new WantedStops();
  readonly #changes: Changes;
  readonly #requests: Requests;
  readonly #places: OpenPlaces;
  readonly #backwards: Backwards;
  readonly #writes: Writes;
  readonly #interactive: Interactive;
  /** A resume or seek that waits for its answer. */
  #pending: Request | undefined;
  #go: (() => void) | undefined;
  #lastPlace: Position | undefined;

  constructor({ directory, quiet, client, output }: ReplayTargetOptions) {
    this.#client = client;
    this.#recorded = new Recorded(directory);
    const echo = new Echo({ quiet, mark: false, ...(output === undefined ? {} : { output }) });
    const timeline = new Timeline({ recorded: this.#recorded, processes: startProcesses(), echo, client });
    this.#timeline = timeline;
    this.#changes = new Changes(timeline);
    this.#requests = new Requests(timeline, this.#wanted, this.#changes);
    const predecessors = new PredecessorSearch(timeline);
    this.#places = new OpenPlaces(timeline, predecessors);
    this.#backwards = new Backwards(timeline, this.#wanted, predecessors);
    this.#writes = new Writes(timeline, predecessors);
    this.#interactive = new Interactive({
      timeline,
      wanted: this.#wanted,
      places: this.#places,
      requests: this.#requests,
      serve: (stop, task) => this.#serve(stop, task),
    });
  }

  /** Answers requests until close() is asked for. */
  serve(): void {
    this.#go = () => this.#travelTo(this.#timeline.beginning);
    for (;;) {
      try {
        const go = this.#go;
        this.#go = undefined;
        if (go === undefined) this.#serveHere();
        else go();
      } catch (error) {
        this.#timeline.endRun();
        if (error instanceof Closed) break;
        if (error instanceof Leave) {
          this.#go = error.go;
          continue;
        }
        this.#failed(error);
      }
    }
    this.#timeline.processes.close();
    this.#recorded.close();
  }

  #positionOf(place: Place): Position {
    switch (place.kind) {
      case 'begin':
        return this.#timeline.beginning;
      case 'end':
        return this.#recorded.endOf(this.#timeline.process);
      case 'event':
        return { event: place.event, legs: [] };
      case 'position':
        return parsePosition(place.text);
      case 'checkpoint':
        return this.#requests.positionOfCheckpoint(place.number);
      case 'process': {
        const process = this.#recorded.process(place.pid);
        this.#timeline.process = place.pid;
        return { event: process.execEvent ?? process.firstEvent, legs: [] };
      }
      case 'fork': {
        const process = this.#recorded.process(place.pid);
        this.#timeline.process = place.pid;
        return { event: process.firstEvent, legs: [] };
      }
      case 'ticks':
        throw new EngineError(
          'NO_TICKS',
          'this recording has no ticks: `when` tells an event, and `seek EVENT` goes there',
        );
    }
  }

  /**
   * Goes there, and stays: the request under way is answered, and the debugger served from there on.
   * @param keepAt an event on the way behind which a checkpoint is made: one will go on from there
   */
  #travelTo(position: Position, stop?: Stop, again?: Request, keepAt?: number): void {
    const timeline = this.#timeline;
    const journey = timeline.journey(position, (task) => {
      const { driver, replayer } = timeline.run!;
      driver.goal = this.#interactive.goal;
      timeline.echo.muted = false;
      driver.rename(position.legs);
      if (position.legs.length === 0) timeline.keepNear(task);
      if (again !== undefined) {
        // A resume that was asked for here goes on at once.
        if (task !== undefined) driver.goOn(task);
        this.#interactive.begin(again.args[0] as Resume);
        return;
      }
      // Of the tasks that stand there, the one that the stop is about.
      const about = stop === undefined ? undefined : replayer.tasks.get(stop.tid);
      driver.entryIsKnown = stop?.kind === 'syscall' && stop.isEntry;
      const shown = about?.threadGroup === timeline.process ? about : task;
      this.#serve(stop === undefined ? undefined : { ...stop, tid: shown?.tid ?? stop.tid }, shown);
    });
    journey.keepAt = keepAt;
    timeline.follow(timeline.open(journey.from, journey), journey, this.#interactive);
  }

  /** Answers the request under way with where this is, and serves until the debugger says to go on from here. */
  #serve(stop: Stop | undefined, task?: Task): void {
    const { echo, run } = this.#timeline;
    echo.flush();
    const pending = this.#pending;
    this.#pending = undefined;
    this.#interactive.resume = undefined;
    const { driver } = run!;
    if (task !== undefined) driver.current = task;
    if (pending !== undefined) {
      if (this.#client.isInterrupted()) this.#client.acknowledge();
      this.#client.reply(pending.id, stop);
    }
    this.#serveHere();
    const { current } = driver;
    if (current !== undefined) driver.goOn(current);
  }

  /** Answers requests until one asks to run on from here. */
  #serveHere(): void {
    for (;;) {
      const request = this.#client.next();
      try {
        if (this.#answer(request)) return;
      } catch (error) {
        if (error instanceof Leave || error instanceof Closed) throw error;
        this.#client.refuse(request.id, error);
      }
    }
  }

  /** True: the replay is to run on. */
  #answer(request: Request): boolean {
    const { id, method, args } = request;
    switch (method) {
      case 'close':
        this.#client.reply(id, undefined);
        throw new Closed();
      case 'resume':
        return this.#resume(request, args[0] as Resume);
      case 'seek':
        this.#seek(request, args[0] as Place);
        return false;
      case 'writes':
        this.#findWrites(request, args[0] as WriteSearch);
        return false;
      case 'namePosition':
        this.#namePosition(request);
        return false;
      default:
    }
    const requests: Partial<Record<keyof Target, (...values: never[]) => unknown>> = this.#requests;
    if (requests[method] === undefined) throw new EngineError('NO_METHOD', `the replay does not know ${method}`);
    this.#client.reply(id, (requests[method] as (...values: readonly unknown[]) => unknown)(...args));
    const { position, hasRun } = this.#changes;
    if (method === 'setRegisters' && position !== undefined && hasRun && this.#changes.hasOwnRegisters()) {
      // The call is over, and with it all that it has done.
      this.#changes.drop();
      throw new Leave(() => this.#travelTo(position));
    }
    return false;
  }

  #resume(request: Request, resume: Resume): boolean {
    const changes = this.#changes;
    const { position } = changes;
    if (position !== undefined && !changes.hasOwnRegisters() && resume.direction === 'forward') {
      const stop = changes.divert(resume, this.#wanted.addresses);
      this.#client.acknowledge();
      this.#client.reply(request.id, stop);
      return false;
    }
    this.#pending = request;
    changes.drop();
    if (resume.direction === 'backward') {
      const from = this.#timeline.run!.driver.position;
      const returning = this.#returningFrame(resume);
      throw new Leave(() => {
        this.#lastPlace = from;
        const met = this.#goBack(resume, from, returning);
        this.#travelTo(met.position, met.stop, undefined, met.eventBefore);
      });
    }
    if (position !== undefined) {
      // The registers are the recording's again: all that was changed is dropped.
      throw new Leave(() => this.#travelTo(position, undefined, request));
    }
    if (this.#timeline.run === undefined) throw stoodNowhere();
    this.#interactive.begin(resume);
    return true;
  }

  /** The frame whose entry a resume asks for, while the replay stands at its return. */
  #returningFrame({ entry }: Resume): ReturningFrame | undefined {
    const task = this.#timeline.anyTask();
    if (entry === undefined || task === undefined) return undefined;
    return returningFrame(task, entry, (...where) => this.#timeline.read(...where));
  }

  /** Where a resume backwards leads to: where it began when it is interrupted. */
  #goBack(resume: Resume, from: Position, returning: ReturningFrame | undefined): Met {
    let here = from;
    try {
      here = this.#places.reachable(from);
      this.#lastPlace = here;
      return this.#backwards.resume(resume, here, returning);
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'INTERRUPTED') throw error;
      this.#client.acknowledge();
      return { position: here, stop: { kind: 'interrupted', tid: resume.tid } };
    }
  }

  #seek(request: Request, place: Place): never {
    const position = this.#positionOf(place);
    this.#recorded.check(position);
    this.#changes.drop();
    this.#pending = request;
    const { process } = this.#timeline;
    throw new Leave(() => {
      this.#timeline.process = this.#recorded.processAt(position.event, process);
      this.#travelTo(this.#places.standable(position));
    });
  }

  /** Away from where the replay stands, and back. */
  #namePosition(request: Request): void {
    if (this.#timeline.run === undefined) throw stoodNowhere();
    const from = this.#timeline.run.driver.position;
    const known = this.#timeline.textOf(from);
    if (!known.includes('?')) {
      this.#client.reply(request.id, known);
      return;
    }
    if (this.#changes.position !== undefined) {
      throw new EngineError('NOT_HERE', 'a place where something was changed has no name: go there again first');
    }
    this.#pending = request;
    throw new Leave(() => {
      this.#lastPlace = from;
      const named = this.#places.named(from);
      this.#timeline.aliases.set(positionText(from), named);
      this.#pending = undefined;
      this.#client.reply(request.id, positionText(named));
      this.#travelTo(this.#places.standable(from));
    });
  }

  #findWrites(request: Request, search: WriteSearch): never {
    if (this.#timeline.run === undefined) throw stoodNowhere();
    this.#client.acknowledge();
    this.#changes.drop();
    this.#pending = request;
    const from = this.#timeline.run.driver.position;
    throw new Leave(() => {
      this.#lastPlace = from;
      const here = this.#places.reachable(from);
      this.#lastPlace = here;
      const writes = this.#writes.find(search, here);
      this.#pending = undefined;
      this.#client.reply(request.id, writes);
      this.#travelTo(here);
    });
  }

  /** The request under way cannot be done. */
  #failed(error: unknown): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) throw error;
    log.debug(() => `${pending.method} failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
    this.#client.acknowledge();
    // From a place that is known; a replay that has left the recording is no place.
    const place = this.#lastPlace ?? this.#timeline.beginning;
    if (pending.method === 'resume' && error instanceof EngineError && error.code === 'INTERRUPTED') {
      // On the way to what a resume backwards has met: it is answered where it began.
      const { tid } = pending.args[0] as Resume;
      this.#pending = pending;
      this.#go = () => this.#travelTo(place, { kind: 'interrupted', tid });
      return;
    }
    this.#client.refuse(pending.id, error);
    this.#go = () => this.#travelTo(place);
  }
}

function stoodNowhere(): EngineError {
  return new EngineError('NO_PLACE', 'the replay stands nowhere: seek somewhere first');
}
