import { type FileHandle, open } from 'node:fs/promises';
import { reasonOf } from './output-path.ts';

/** Characters that may wait for a disk that does not answer. */
const MOST_WAITING = 16 * 1024 * 1024;

export interface OutputFileOptions {
  readonly path: string;
  /** Goes on with what is there, instead of writing over it. */
  readonly append: boolean;
  /** What a new file begins with. */
  readonly header?: string;
  /** Called once, when something could not be written: nothing more will be. */
  readonly onFailure: (reason: string) => void;
}

/**
 * A file that grows by whole texts, in the order of `write`, while something more important goes on: it never throws, and
 * waits for no disk. When the disk is full, the file ends with the last text that had room in whole.
 */
export class OutputFile {
  readonly #options: OutputFileOptions;
  #handle: FileHandle | undefined;
  #length = 0;
  #waiting = 0;
  #hasFailed = false;
  #work: Promise<void>;

  constructor(options: OutputFileOptions) {
    this.#options = options;
    this.#work = this.#attempt(() => this.#open());
  }

  write(text: string): void {
    if (this.#hasFailed) return;
    if (this.#waiting > MOST_WAITING) return this.#fail('the disk does not answer');
    this.#waiting += text.length;
    this.#work = this.#work.then(() => this.#attempt(() => this.#append(text)));
  }

  /** Resolves when all is written, or nothing more will be. */
  async close(): Promise<void> {
    await this.#work;
    await this.#attempt(async () => this.#handle?.close());
  }

  async #open(): Promise<void> {
    const { path, append, header = '' } = this.#options;
    this.#handle = await open(path, append ? 'a' : 'w');
    this.#length = (await this.#handle.stat()).size;
    if (this.#length === 0) await this.#append(header);
  }

  async #append(text: string): Promise<void> {
    if (this.#hasFailed || this.#handle === undefined) return;
    await this.#handle.appendFile(text);
    this.#length += Buffer.byteLength(text);
    this.#waiting -= text.length;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#fail(reasonOf(error));
      // No half text at the end. What is no file (a pipe, a device) cannot be cut.
      await this.#handle?.truncate(this.#length).catch(() => undefined);
    }
  }

  #fail(reason: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#options.onFailure(reason);
  }
}
