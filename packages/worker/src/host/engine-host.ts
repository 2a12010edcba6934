import { DrumlineError } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import type { EngineCommand, EngineMessage, EngineReport, EngineSettings } from './protocol.ts';

/** A line to one engine, wherever it runs. Commands to one that is gone go nowhere. */
export interface EngineLine {
  post(command: EngineCommand): void;
}

export interface EngineEvents {
  message(message: EngineMessage): void;
  /** The engine is gone without having said `ended`. */
  crashed(error: Error): void;
}

type Refusal = Extract<EngineMessage, { kind: 'refused' }>;

/** Turns the messages of one engine into answers to calls. Every call is answered, also by an engine that is gone. */
export class EngineHost {
  readonly #line: EngineLine;
  readonly #log: Log;
  readonly #reports = new Map<number, (report: EngineReport | undefined) => void>();
  /** Settings without an answer, oldest first. */
  readonly #applying: PromiseWithResolvers<void>[] = [];
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<EngineReport | undefined>();
  #isReady = false;
  #isGone = false;
  #nextReport = 1;

  /** @param open starts the engine; gets where its messages are to go. */
  constructor(open: (events: EngineEvents) => EngineLine, onCrash: (error: Error) => void, log: Log) {
    this.#log = log;
    // A crash is said through onCrash, whether or not somebody awaits `ready`.
    this.#ready.promise.catch(() => undefined);
    this.#line = open({
      message: (message) => this.#receive(message),
      crashed: (error) => {
        this.#ready.reject(error);
        this.#leave(undefined);
        onCrash(error);
      },
    });
  }

  /**
   * Resolves when the driver is open and threads are claiming. Rejects with what the driver said, a DrumlineError, or when
   * the engine crashed before.
   */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves when the engine has ended: with its last figures, or nothing when it crashed. */
  get ended(): Promise<EngineReport | undefined> {
    return this.#ended.promise;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  post(command: EngineCommand): void {
    this.#line.post(command);
  }

  /**
   * Resolves when the new settings are in force, or the engine is gone, as its successor will have them.
   * @throws DrumlineError when they could not be applied; the old ones stay in force.
   */
  apply(settings: EngineSettings): Promise<void> {
    if (this.#isGone) return Promise.resolve();
    const answer = Promise.withResolvers<void>();
    this.#applying.push(answer);
    this.#line.post({ kind: 'settings', settings });
    return answer.promise;
  }

  /** The engine's figures; `undefined` when it is gone. */
  report(): Promise<EngineReport | undefined> {
    if (this.#isGone) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const id = this.#nextReport;
      this.#nextReport += 1;
      this.#reports.set(id, resolve);
      this.#line.post({ kind: 'report', id });
    });
  }

  #receive(message: EngineMessage): void {
    switch (message.kind) {
      case 'ready':
        this.#isReady = true;
        return this.#ready.resolve();
      case 'settled':
        return this.#applying.shift()?.resolve();
      case 'refused':
        return this.#refused(message);
      case 'report':
        this.#reports.get(message.id)?.(message.report);
        this.#reports.delete(message.id);
        return;
      case 'log':
        return this.#log[message.level](message.fields, message.text);
      case 'ended':
        return this.#leave(message.report);
    }
  }

  #refused({ code, message, hint }: Refusal): void {
    const error = new DrumlineError(code, message, hint === undefined ? {} : { hint });
    if (this.#isReady) this.#applying.shift()?.reject(error);
    else this.#ready.reject(error);
  }

  #leave(report: EngineReport | undefined): void {
    this.#isGone = true;
    this.#ended.resolve(report);
    for (const answer of this.#reports.values()) answer(undefined);
    this.#reports.clear();
    for (const answer of this.#applying.splice(0)) answer.resolve();
  }
}
