import type { Bus, Unsubscribe } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import type { Log } from '@drumline/core/log';
import { type CommandGate, CommandPost, type CommandSet, parseRate, type RateChange } from '@drumline/core/notify';
import type { Instant } from '@drumline/core/units';

/** What commands can do to a publisher. */
export interface Steerable {
  drain(): void;
  stop(): void;
  pause(at: Instant): void;
  resume(at: Instant): void;
  changeRate(change: RateChange): string;
  updateConfig(): Promise<number>;
}

export interface CommandDeskOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly gate: CommandGate;
  readonly log: Log;
  readonly publisher: Steerable;
  /** Id of the run that commands are about. */
  readonly run: string;
}

/** Listens to the notify channel on behalf of the publisher, and answers as `publisher`. */
export class CommandDesk {
  readonly #post: CommandPost;
  #unsubscribe: Unsubscribe = () => Promise.resolve();

  private constructor({ publisher, run, ...options }: CommandDeskOptions) {
    this.#post = new CommandPost({
      ...options,
      from: 'publisher',
      commands: commandsOf(publisher),
      // What only workers do is not for the publisher to refuse, unless it alone was asked.
      leaveUnknown: true,
      run: () => Promise.resolve(run),
    });
  }

  static async open(options: CommandDeskOptions): Promise<CommandDesk> {
    const desk = new CommandDesk(options);
    options.gate.listenFrom(options.clock.now());
    desk.#unsubscribe = await options.bus.onNotify((message) => void desk.#post.receive(message));
    return desk;
  }

  close(): Promise<void> {
    return this.#unsubscribe();
  }
}

function commandsOf(publisher: Steerable): CommandSet {
  return {
    update_config: {
      description: 'read the config again',
      run: async () => `dealing to ${await publisher.updateConfig()} queues`,
    },
    pause: {
      description: 'publish nothing until resume',
      run: (_, { at }) => {
        publisher.pause(at);
        return 'paused: the time axis stands';
      },
    },
    resume: {
      description: 'go on after a pause',
      run: (_, { at }) => {
        publisher.resume(at);
        return 'resumed';
      },
    },
    rate: {
      description: 'rate=0.5|2x|150%|500qps',
      run: (args) => `rate × ${publisher.changeRate(parseRate(String(args['rate'])))}`,
    },
    drain: {
      description: 'publish no more; the run ends when everything has its outcome',
      run: () => {
        publisher.drain();
        return 'draining';
      },
    },
    stop: {
      description: 'publish no more and drop what is not sent',
      run: () => {
        publisher.stop();
        return 'stopping';
      },
    },
    ping: { description: 'answer', run: () => 'publisher is here' },
  };
}
