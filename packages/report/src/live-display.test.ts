import { VirtualClock } from '@drumline/core/clock';
import { instant, micros } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { LiveDisplay } from './live-display.ts';

/** As much of a terminal as the display uses: lines that break at `columns`, a cursor, and four control sequences. */
class Terminal {
  columns: number;
  lines: string[] = [''];
  row = 0;
  column = 0;
  cursorShown = true;
  writes = 0;

  constructor(columns = 40) {
    this.columns = columns;
  }

  write(text: string): void {
    this.writes += 1;
    // oxlint-disable-next-line no-control-regex
    for (const [part] of text.matchAll(/\u001b\[\??(\d*)([A-Za-z])|[^]/g)) this.#apply(part);
  }

  #apply(part: string): void {
    if (part === '\n') this.#goTo(this.row + 1);
    else if (part === '\r') this.column = 0;
    else if (part === '\u001b[?25l') this.cursorShown = false;
    else if (part === '\u001b[?25h') this.cursorShown = true;
    else if (part === '\u001b[0K') this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.column);
    else if (part === '\u001b[0J')
      this.lines = [...this.lines.slice(0, this.row), this.lines[this.row]!.slice(0, this.column)];
    else if (part.endsWith('A')) this.row -= Number.parseInt(part.slice(2), 10);
    else this.#put(part);
  }

  #goTo(row: number): void {
    this.row = row;
    this.column = 0;
    this.lines[row] ??= '';
  }

  #put(character: string): void {
    if (this.column === this.columns) this.#goTo(this.row + 1);
    const line = (this.lines[this.row] ?? '').padEnd(this.column);
    this.lines[this.row] = line.slice(0, this.column) + character + line.slice(this.column + 1);
    this.column += 1;
  }

  /** The terminal is made narrower, and breaks the lines that are there anew. */
  narrow(columns: number): void {
    this.columns = columns;
    this.lines = this.lines.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'g')) ?? ['']);
    this.row = this.lines.length - 1;
  }
}

const started = (): { terminal: Terminal; clock: VirtualClock; display: LiveDisplay } => {
  const terminal = new Terminal();
  const clock = new VirtualClock(instant(0));
  return { terminal, clock, display: new LiveDisplay((text) => terminal.write(text), clock) };
};

describe('the live display', () => {
  test('draws each frame over the last, shorter ones too', async () => {
    const { terminal, clock, display } = started();
    display.show(['one', 'two is longer', 'three'], 40);
    await clock.advance(micros(100_000));
    display.show(['eins', 'zwei'], 40);
    expect(terminal.lines).toEqual(['eins', 'zwei', '']);
    expect(terminal.cursorShown).toBe(false);
  });

  test('draws at most ten times a second, and the last frame in the end', async () => {
    const { terminal, clock, display } = started();
    for (let frame = 0; frame < 100; frame += 1) {
      display.show([`frame ${frame}`], 40);
      await clock.advance(micros(10_000));
    }
    expect(terminal.writes).toBe(10);
    display.close();
    expect(terminal.lines).toEqual(['frame 99', '']);
    expect(terminal.cursorShown).toBe(true);
  });

  test('other text goes above the frame', () => {
    const { terminal, display } = started();
    display.show(['frame', 'frame 2'], 40);
    display.print('a worker has joined');
    display.print('x');
    expect(terminal.lines).toEqual(['a worker has joined', 'x', 'frame', 'frame 2', '']);
  });

  test('closing may take the frame away; afterwards nothing is drawn but printed lines', () => {
    const { terminal, display } = started();
    display.show(['frame'], 40);
    display.close({ erase: true });
    display.close();
    display.show(['late'], 40);
    display.print('the end');
    expect(terminal.lines).toEqual(['the end', '']);
    expect(terminal.cursorShown).toBe(true);
  });

  test('a display that never drew writes nothing', () => {
    const { terminal, display } = started();
    display.close();
    expect(terminal.writes).toBe(0);
  });

  test('a terminal that became narrower is cleared of the broken lines', async () => {
    const { terminal, clock, display } = started();
    display.show(['\u001b[1m0123456789\u001b[22m', 'abc'], 40);
    terminal.narrow(4);
    await clock.advance(micros(100_000));
    display.show(['0123', 'abc'], 4);
    expect(terminal.lines.filter((line) => line !== '')).toEqual(['0123', 'abc']);
  });
});
