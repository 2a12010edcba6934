import type { Unsubscribe } from '@drumline/core/bus';
import type { Connection } from './connection.ts';
import type { Link } from './link.ts';

type Listener = (message: string) => void;

/** Listeners of the two channels, on a connection of their own that is opened with the first; subscribed again after a loss. */
export class Subscriptions {
  readonly #link: Link;
  readonly #listeners = new Map<string, Set<Listener>>();
  #connection: Connection | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  async add(channel: string, listener: Listener): Promise<Unsubscribe> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners);
    // A wrapper, so that the same function may listen twice.
    const entry: Listener = (message) => listener(message);
    listeners.add(entry);
    const connection = this.#open();
    try {
      await this.#link.call('subscribing', () => connection.client.subscribe(channel));
    } catch (error) {
      listeners.delete(entry);
      throw error;
    }
    return async () => {
      if (!listeners.delete(entry) || listeners.size > 0 || this.#link.closed) return;
      await this.#link.call('unsubscribing', () => connection.client.unsubscribe(channel));
    };
  }

  close(): void {
    this.#connection?.end();
    this.#listeners.clear();
  }

  #open(): Connection {
    if (this.#connection !== undefined) return this.#connection;
    const connection = this.#link.open('subscriptions');
    connection.client.on('message', (channel: string, message: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(message);
    });
    this.#connection = connection;
    return connection;
  }
}
