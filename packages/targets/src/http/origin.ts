import { Client } from 'undici';

/** What waits for a connection, or has one. */
export interface Traveller {
  /** It has this connection until it calls `leave`. */
  board(connection: Connection): void;
}

/** One connection to an origin, made when it is first needed and again when it broke. */
export class Connection {
  readonly client: Client;
  isOpen = false;

  constructor(origin: string, options: Client.Options) {
    this.client = new Client(origin, options);
    this.client.on('connect', () => {
      this.isOpen = true;
    });
    this.client.on('disconnect', () => {
      this.isOpen = false;
    });
  }
}

/**
 * The connections to one origin: each carries one request at a time, so that no answer waits behind another. Whoever finds
 * none free waits, the oldest first, and can leave the queue again: a client's own queue would keep it. The one that was
 * freed last is taken first, so that no more stay open than are needed.
 */
export class Origin {
  readonly #url: string;
  readonly #options: Client.Options;
  readonly #most: number;
  readonly #free: Connection[] = [];
  readonly #all: Connection[] = [];
  readonly #waiting = new Set<Traveller>();

  /** @param most connections */
  constructor(url: string, options: Client.Options, most: number) {
    this.#url = url;
    this.#options = options;
    this.#most = most;
  }

  enter(traveller: Traveller): void {
    const connection = this.#free.pop() ?? this.#made();
    if (connection === undefined) this.#waiting.add(traveller);
    else traveller.board(connection);
  }

  /** Waits no longer. */
  withdraw(traveller: Traveller): void {
    this.#waiting.delete(traveller);
  }

  /** To be called once by whoever boarded, when the connection is free again or broken. */
  leave(connection: Connection): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free.push(connection);
      return;
    }
    this.#waiting.delete(next);
    next.board(connection);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(({ client }) => client.destroy()));
  }

  #made(): Connection | undefined {
    if (this.#all.length >= this.#most) return undefined;
    const connection = new Connection(this.#url, this.#options);
    this.#all.push(connection);
    return connection;
  }
}
