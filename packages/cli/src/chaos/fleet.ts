import { delay } from '@drumline/core/clock';
import type { Millis } from '@drumline/core/units';
import { GuardedProcess } from './guarded-process.ts';

export type Role = 'worker' | 'publisher' | 'standby';

export interface FleetOptions {
  /** Program and arguments that start the `drumline` command. */
  readonly drumline: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Options by which every process finds the others. */
  readonly meeting: readonly string[];
  readonly worker: readonly string[];
  readonly publisher: readonly string[];
  readonly standby: readonly string[];
  /** A process ended; `by` says whether it was told to. */
  readonly onEnd: (member: Member, code: number) => void;
}

/** One process of the fleet. */
export class Member {
  /** `w3`, `publisher 1`, `standby 2`. */
  readonly name: string;
  readonly role: Role;
  readonly process: GuardedProcess;
  /** Resolves when it says that it is ready for work. */
  readonly ready: Promise<void>;
  /** It was killed, or stood still long enough to have been given up by the others: whatever it ends with is fine. */
  disturbed = false;
  isReady = false;
  /** A fault has it in its grip: it is the victim of no other. */
  isHit = false;

  constructor(name: string, role: Role, process: GuardedProcess, ready: Promise<void>) {
    this.name = name;
    this.role = role;
    this.process = process;
    this.ready = ready.then(() => {
      this.isReady = true;
    });
  }

  get isAlive(): boolean {
    return !this.process.isGone;
  }

  /** Whether it can be the next victim. */
  get isUp(): boolean {
    return this.isAlive && this.isReady && !this.isHit;
  }
}

/** What each says once it is at work; the publisher holds the lock then, the standby waits for it. */
const READY: Readonly<Record<Role, RegExp>> = {
  worker: /worker is ready/,
  publisher: /./,
  standby: /standing by/,
};

/** The processes of a fleet, each a child of this one that runs the `drumline` command. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members: Member[] = [];
  readonly #count = { worker: 0, publisher: 0, standby: 0 };
  #isEnding = false;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  /** Those that could be hit now. */
  up(role: 'worker' | 'publisher'): Member[] {
    return this.#members.filter(
      (member) => member.isUp && (role === 'worker' ? member.role === 'worker' : member.role !== 'worker'),
    );
  }

  async start(role: Role): Promise<Member> {
    this.#count[role] += 1;
    const number = this.#count[role];
    const name = role === 'worker' ? `w${number}` : `${role} ${number}`;
    const { drumline, env, meeting, onEnd } = this.#options;
    const ready = Promise.withResolvers<void>();
    const process = await GuardedProcess.start({
      command: [...drumline, ...this.#commandOf(role, name), ...meeting],
      env,
      onLine: (line) => {
        if (READY[role].test(line)) ready.resolve();
      },
    });
    const member = new Member(name, role, process, ready.promise);
    this.#members.push(member);
    void process.ended.then((code) => {
      if (!this.#isEnding) onEnd(member, code);
    });
    // Started while everything else was being ended: it must not be what is left.
    if (this.#isEnding) await process.kill();
    return member;
  }

  #commandOf(role: Role, name: string): string[] {
    const { worker, publisher, standby } = this.#options;
    if (role === 'worker') return ['worker', '--id', name, ...worker];
    return ['publisher', ...(role === 'publisher' ? publisher : standby)];
  }

  /** Asks the workers that are at work to end in order. @returns those that did not, with what they said. */
  async dismiss(within: Millis): Promise<string[]> {
    this.#isEnding = true;
    const workers = this.#members.filter(({ role, isAlive, isReady }) => role === 'worker' && isAlive && isReady);
    for (const { process } of workers) process.signal('SIGTERM');
    const wrong = await Promise.all(workers.map((member) => endsInOrder(member, within)));
    return wrong.filter((sentence) => sentence !== undefined);
  }

  /** Ends every process at once. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#members.map(({ process }) => process.kill()));
  }
}

async function endsInOrder({ name, process }: Member, within: Millis): Promise<string | undefined> {
  const waiting = new AbortController();
  const code = await Promise.race([process.ended, delay(within, waiting.signal)]);
  waiting.abort();
  if (code === 0) return undefined;
  const how =
    typeof code === 'number' ? `ended with exit code ${code}` : `had not ended ${within / 1_000} s after SIGTERM`;
  return `${name} ${how}; it said last: ${process.lastWords()}`;
}
