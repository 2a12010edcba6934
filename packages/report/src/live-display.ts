import type { Clock } from '@drumline/core/clock';
import { elapsed, type Instant, type Micros, micros } from '@drumline/core/units';

const CSI = '\u001b[';
const HIDE_CURSOR = `${CSI}?25l`;
const SHOW_CURSOR = `${CSI}?25h`;
const CLEAR_BELOW = `${CSI}0J`;
const CLEAR_LINE = `${CSI}0K`;

/** 10 Hz: faster is not read, and every frame is bytes over somebody's SSH. */
const SHORTEST: Micros = micros(100_000);

/**
 * Draws frames over each other at the bottom of a terminal. Each frame is one `write`, so it does not flicker.
 *
 * It owns the lines below where the cursor was when it first drew. Text of others goes through `print`, which puts it above the
 * frame; `close` leaves the last frame standing (or nothing), with the cursor visible below it.
 */
export class LiveDisplay {
  readonly #write: (text: string) => void;
  readonly #clock: Pick<Clock, 'now'>;
  #frame: readonly string[] = [];
  #drawn: readonly string[] = [];
  #lastDrawn: Instant | undefined;
  #columns = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(write: (text: string) => void, clock: Pick<Clock, 'now'>) {
    this.#write = write;
    this.#clock = clock;
  }

  /** Whether a frame given now would be drawn at once. Worth asking before it is made. */
  get due(): boolean {
    return !this.#closed && (this.#lastDrawn === undefined || elapsed(this.#lastDrawn, this.#clock.now()) >= SHORTEST);
  }

  /** Shows `lines`, none longer than `columns`; at most 10 frames a second are drawn, the last given is always kept. */
  show(lines: readonly string[], columns: number): void {
    if (this.#closed) return;
    this.#frame = lines;
    this.#columns = columns;
    if (this.due) this.#draw('');
  }

  /** Writes a line above the display, at once. */
  print(line: string): void {
    if (this.#closed) this.#write(`${line}\n`);
    else this.#draw(`${line}${CLEAR_LINE}\n`);
  }

  /** Draws the last frame for good, or takes it away, and shows the cursor again. Calls after the first do nothing. */
  close(options: { readonly erase?: boolean } = {}): void {
    if (this.#closed) return;
    if (options.erase === true) this.#frame = [];
    if (this.#lastDrawn !== undefined || this.#frame.length > 0) this.#draw('', SHOW_CURSOR);
    this.#closed = true;
  }

  #draw(above: string, end = ''): void {
    const lines = this.#frame.map((line) => `${line}${CLEAR_LINE}\n`).join('');
    this.#write(
      `${this.#lastDrawn === undefined ? HIDE_CURSOR : ''}${this.#toTop()}${above}${lines}${CLEAR_BELOW}${end}`,
    );
    this.#drawn = this.#frame;
    this.#lastDrawn = this.#clock.now();
  }

  /** To the first line of the last frame. A terminal that has become narrower since has broken its lines into more. */
  #toTop(): string {
    const height = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(visible(line) / this.#columns)), 0);
    return height === 0 ? '' : `${CSI}${height}A\r`;
  }
}

// oxlint-disable-next-line no-control-regex -- the escape character is what styles begin with
const STYLES = /\u001b\[[0-9;]*m/g;
const visible = (line: string): number => Array.from(line.replaceAll(STYLES, '')).length;
