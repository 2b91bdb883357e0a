/**
 * A Target over a replay (target.ts). It runs in a thread of its own and answers requests one after the other; while the
 * replay runs it is deep inside an event, and so it answers there, too: at a stop it serves the debugger until that says
 * to go on. Going elsewhere unwinds by one exception, and the abandoned replay is disposed of.
 */
import { EngineError } from '../../errors.ts';
import { logger } from '../../log.ts';
import { Divergence } from '../../replay/divergence.ts';
import { Echo } from '../../replay/echo.ts';
import { startProcesses } from '../../replay/primitives.ts';
import type { Task } from '../../replay/task.ts';
import type { Place, Resume, Stop, Target, WriteSearch } from '../target.ts';
import { Backwards, type Met } from './backwards.ts';
import { Changes } from './changes.ts';
import { type Client, Closed, Leave, type Request } from './client.ts';
import { stopOverChanges } from './halt-stops.ts';
import { Interactive } from './interactive.ts';
import { OpenPlaces } from './open-places.ts';
import { type Position, parsePosition, positionText } from './position.ts';
import { PredecessorSearch } from './predecessor-search.ts';
import { Recorded } from './recorded.ts';
import { Requests } from './requests.ts';
import { type ReturningFrame, returningFrame } from './returning-frame.ts';
import { Timeline } from './timeline.ts';
import { WantedStops, watchesHere } from './wanted-stops.ts';
import type { Watchpoint } from './watched-memory.ts';
import { Writes } from './writes.ts';

const log = logger('debug');

export interface ReplayTargetOptions {
  readonly directory: string;
  readonly quiet: boolean;
  readonly withoutCpuidFaulting?: boolean;
  readonly client: Client;
  /** Descriptor for the program's output, instead of our own. */
  readonly output?: number;
}

interface Destination {
  readonly position: Position;
  /** That is looked at there. */
  readonly process: number;
}

interface OnTheWay {
  /** An event behind which a checkpoint is made: one will go on from there. */
  readonly keepAt?: number | undefined;
  /** What is watched, as it was where one comes from. */
  readonly watched?: readonly Watchpoint[];
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
  readonly #predecessors: PredecessorSearch;
  /** A resume or seek that waits for its answer. */
  #pending: Request | undefined;
  #go: (() => void) | undefined;
  /** Does what is asked for from its beginning. */
  #again: (() => void) | undefined;
  /** On the way there after something has failed. */
  #returningTo: Position | undefined;
  /** Where one stood before what is under way: one is there again if it fails. */
  #lastPlace: Destination | undefined;

  constructor({ directory, quiet, withoutCpuidFaulting = false, client, output }: ReplayTargetOptions) {
    this.#client = client;
    this.#recorded = new Recorded(directory);
    const echo = new Echo({ quiet, mark: false, ...(output === undefined ? {} : { output }) });
    const timeline = new Timeline({
      recorded: this.#recorded,
      processes: startProcesses(),
      echo,
      client,
      withoutCpuidFaulting,
    });
    this.#timeline = timeline;
    this.#changes = new Changes(timeline);
    this.#requests = new Requests(timeline, this.#wanted, this.#changes);
    const predecessors = new PredecessorSearch(timeline);
    this.#predecessors = predecessors;
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

  /** @throws EngineError */
  #destinationOf(place: Place): Destination {
    const recorded = this.#recorded;
    const { process, beginning } = this.#timeline;
    const atEvent = (asked: number, looked = process): Destination => {
      const event = Math.max(asked, recorded.firstProgram);
      return { position: { event, legs: [] }, process: recorded.processAt(event, looked) };
    };
    switch (place.kind) {
      case 'begin':
        return atEvent(beginning.event);
      case 'end':
        return atEvent(recorded.endOf(process).event);
      case 'event':
        return atEvent(place.event);
      case 'position': {
        const position = parsePosition(place.text);
        const { event, legs } = position;
        if (event < recorded.firstProgram) return atEvent(event);
        // Instructions behind an event are those of the one task that runs there.
        const runs = legs.length === 0 ? undefined : recorded.processBehind(event);
        return { position, process: runs ?? recorded.processAt(event, process) };
      }
      case 'checkpoint':
        return this.#requests.placeOfCheckpoint(place.number);
      case 'process': {
        const { execEvent, firstEvent } = recorded.process(place.pid);
        return atEvent(execEvent ?? firstEvent, place.pid);
      }
      case 'fork':
        return atEvent(recorded.process(place.pid).firstEvent, place.pid);
      case 'ticks':
        throw new EngineError(
          'NO_TICKS',
          'this recording has no ticks: `when` tells an event, and `seek EVENT` goes there',
        );
    }
  }

  /**
   * Goes there, and stays: the request under way is answered, and the debugger served from there on.
   * @param again a resume that goes on from there
   */
  #travelTo(position: Position, stop?: Stop, again?: Request, onTheWay: OnTheWay = {}): void {
    const timeline = this.#timeline;
    const journey = timeline.journey(position, (task) => {
      const { driver, replayer } = timeline.run!;
      driver.goal = this.#interactive.goal;
      timeline.echo.muted = false;
      driver.arriveAt(position.legs);
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
      const told = stop === undefined ? undefined : { ...stop, tid: shown?.tid ?? stop.tid };
      this.#serve(told && stopOverChanges(told, replayer, shown, onTheWay.watched ?? []), shown);
    });
    journey.keepAt = onTheWay.keepAt;
    timeline.follow(timeline.open(journey.from, journey), journey, this.#interactive);
  }

  /** Answers the request under way with where this is, and serves until the debugger says to go on from here. */
  #serve(stop: Stop | undefined, task?: Task): void {
    const { echo, run } = this.#timeline;
    echo.flush();
    this.#returningTo = undefined;
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
    return false;
  }

  #noteLastPlace(position = this.#timeline.run?.driver.position): void {
    if (position !== undefined) this.#lastPlace = { position, process: this.#timeline.process };
  }

  #resume(request: Request, resume: Resume): boolean {
    const changes = this.#changes;
    const { position } = changes;
    if (position !== undefined && !changes.hasOwnRegisters() && resume.direction === 'forward') {
      const stop = changes.divert(resume, this.#wanted.addresses);
      if (stop.kind === 'diversionEnd') this.#endDiversion(request, position, stop);
      this.#client.acknowledge();
      this.#client.reply(request.id, stop);
      return false;
    }
    this.#pending = request;
    changes.drop();
    if (resume.direction === 'backward') {
      const from = this.#timeline.run!.driver.position;
      const returning = this.#returningFrame(resume);
      const watched = position === undefined ? watchesHere(this.#timeline, this.#wanted.watched) : [];
      if (position === undefined && resume.how === 'step') this.#predecessors.leave(resume.tid);
      this.#leave(() => {
        this.#noteLastPlace(from);
        const met = this.#goBack(resume, from, returning);
        this.#travelTo(met.position, met.stop, undefined, { keepAt: met.eventBefore, watched });
      });
    }
    if (position !== undefined) {
      // The registers are the recording's again: all that was changed is dropped.
      this.#leave(() => this.#travelTo(position, undefined, request));
    }
    if (this.#timeline.run === undefined) throw stoodNowhere();
    const from = this.#timeline.run.driver.position;
    this.#noteLastPlace(from);
    this.#again = () => this.#travelTo(this.#places.standable(from), undefined, request);
    this.#interactive.begin(resume);
    return true;
  }

  /** The changed program has ended: the replay stands where it was before. */
  #endDiversion(request: Request, position: Position, stop: Stop): never {
    this.#pending = request;
    this.#changes.drop();
    this.#leave(() => this.#travelTo(position, stop));
  }

  /** Leaves the replay under way for another one. */
  #leave(go: () => void): never {
    this.#again = go;
    throw new Leave(go);
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
      this.#predecessors.leftBy(from, here);
      this.#noteLastPlace(here);
      return this.#backwards.resume(resume, here, returning);
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'INTERRUPTED') throw error;
      this.#client.acknowledge();
      return { position: here, stop: { kind: 'interrupted', tid: resume.tid } };
    }
  }

  #seek(request: Request, place: Place): never {
    const { position, process } = this.#destinationOf(place);
    this.#recorded.check(position);
    this.#noteLastPlace();
    this.#changes.drop();
    this.#pending = request;
    this.#leave(() => {
      this.#timeline.process = process;
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
    if (this.#changes.position !== undefined && !this.#changes.hasRun) {
      throw new EngineError('NOT_HERE', 'a place where something was changed has no name: go there again first');
    }
    this.#pending = request;
    this.#changes.drop();
    this.#leave(() => {
      this.#noteLastPlace(from);
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
    this.#leave(() => {
      this.#noteLastPlace(from);
      const here = this.#places.reachable(from);
      this.#noteLastPlace(here);
      const writes = this.#writes.find(search, here);
      this.#pending = undefined;
      this.#client.reply(request.id, writes);
      this.#travelTo(here);
    });
  }

  /** False: nothing is left to try. */
  #guessAgain({ event, message }: Divergence): boolean {
    const from = this.#timeline.guessAgain(event);
    if (from === undefined) return false;
    log.info(message);
    const gone = this.#requests.forgetCheckpoints(from);
    if (gone.length > 0) {
      log.warn(`checkpoints ${gone.join(', ')} are gone: what lies behind event ${from} was not as recorded`);
    }
    return true;
  }

  /** The request under way cannot be done. */
  #failed(error: unknown): void {
    if (error instanceof Divergence && this.#again !== undefined && this.#guessAgain(error)) {
      this.#go = this.#again;
      return;
    }
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) {
      this.#failedToReturn(error);
      return;
    }
    log.debug(() => `${pending.method} failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
    this.#client.acknowledge();
    // From a place that is known; a replay that has left the recording is no place.
    const place = this.#lastPlace?.position ?? this.#timeline.beginning;
    if (this.#lastPlace !== undefined) this.#timeline.process = this.#lastPlace.process;
    if (pending.method === 'resume' && error instanceof EngineError && error.code === 'INTERRUPTED') {
      // On the way to what a resume backwards has met: it is answered where it began.
      const { tid } = pending.args[0] as Resume;
      this.#pending = pending;
      this.#go = () => this.#travelTo(place, { kind: 'interrupted', tid });
      return;
    }
    this.#client.refuse(pending.id, error);
    this.#returningTo = place;
    this.#go = () => this.#travelTo(this.#places.standable(place));
  }

  /** Not even what one came from is found again: one is at the beginning then. */
  #failedToReturn(error: unknown): void {
    const place = this.#returningTo;
    if (place === undefined || error instanceof Divergence) throw error;
    this.#returningTo = undefined;
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(`cannot go back to ${positionText(place)}, where this began: ${reason}. At the beginning instead`);
    this.#go = () => this.#travelTo(this.#timeline.beginning);
  }
}

function stoodNowhere(): EngineError {
  return new EngineError('NO_PLACE', 'the replay stands nowhere: seek somewhere first');
}
