import { DrumlineError, type ErrorCode, REGISTRY } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import type { EngineCommand, EngineMessage, EngineReport, EngineSettings } from './protocol.ts';

/** A line to one engine, wherever it runs. */
export interface EngineLine {
  post(command: EngineCommand): void;
  /** Ends it at once. */
  kill(): Promise<void>;
}

export interface EngineEvents {
  message(message: EngineMessage): void;
  /** The engine is gone without having said `ended`. */
  crashed(error: Error): void;
}

/** Turns the messages of one engine into answers to calls. */
export class EngineHost {
  readonly #line: EngineLine;
  readonly #log: Log;
  readonly #reports = new Map<number, (report: EngineReport | undefined) => void>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<EngineReport | undefined>();
  #settled: PromiseWithResolvers<void> | undefined;
  #nextReport = 1;

  /** @param open starts the engine; gets where its messages are to go. */
  constructor(open: (events: EngineEvents) => EngineLine, onCrash: (error: Error) => void, log: Log) {
    this.#log = log;
    // A crash reaches the crew through onCrash, whether or not somebody awaits `ready`.
    this.#ready.promise.catch(ignore);
    this.#line = open({
      message: (message) => this.#receive(message),
      crashed: (error) => {
        this.#ready.reject(error);
        this.#settled?.reject(error);
        this.#ended.resolve(undefined);
        for (const answer of this.#reports.values()) answer(undefined);
        this.#reports.clear();
        onCrash(error);
      },
    });
  }

  /** Resolves when the driver is open and threads are claiming. @throws DrumlineError of the driver's `open()`. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves when the engine has ended: with its last figures, or nothing when it crashed. */
  get ended(): Promise<EngineReport | undefined> {
    return this.#ended.promise;
  }

  post(command: EngineCommand): void {
    this.#line.post(command);
  }

  /** @throws DrumlineError when the new settings could not be applied; the old ones stay in force. */
  apply(settings: EngineSettings): Promise<void> {
    this.#settled = Promise.withResolvers<void>();
    this.#line.post({ kind: 'settings', settings });
    return this.#settled.promise;
  }

  /** The engine's figures; `undefined` when it is gone. */
  report(): Promise<EngineReport | undefined> {
    return new Promise((resolve) => {
      const id = this.#nextReport;
      this.#nextReport += 1;
      this.#reports.set(id, resolve);
      this.#line.post({ kind: 'report', id });
    });
  }

  kill(): Promise<void> {
    return this.#line.kill();
  }

  #receive(message: EngineMessage): void {
    switch (message.kind) {
      case 'ready':
        return this.#ready.resolve();
      case 'settled':
        return this.#settled?.resolve();
      case 'refused': {
        const code = Object.hasOwn(REGISTRY, message.code) ? (message.code as ErrorCode) : 'DRUM_OP_CRASHED';
        const error = new DrumlineError(code, message.message, message.hint === undefined ? {} : { hint: message.hint });
        this.#ready.reject(error);
        return this.#settled?.reject(error);
      }
      case 'report': {
        this.#reports.get(message.id)?.(message.report);
        this.#reports.delete(message.id);
        return;
      }
      case 'log':
        return this.#log[message.level](message.fields, message.text);
      case 'ended':
        for (const answer of this.#reports.values()) answer(undefined);
        return this.#ended.resolve(message.report);
    }
  }
}

function ignore(): void {
  // said elsewhere
}
