import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineProgram } from '@drumline/cli';
import { parsePlan } from '@drumline/core/plan';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root });
const textOf = (page: string): string => readFileSync(resolve(root, page), 'utf8');

/** Code blocks of one language. */
const blocks = (page: string, language: string): string[] =>
  [...textOf(page).matchAll(/^```(\w+)\n(.*?)^```/gmsu)]
    .filter((block) => block[1] === language)
    .map((block) => block[2] ?? '');

/** What GitHub makes of a heading. */
const anchor = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) => anchor(heading));

describe('the documentation', () => {
  test.each(pages)('%s links only to what exists', (page) => {
    const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/gu)]
      .map(([, link = '']) => link)
      .filter((link) => !/^https?:/u.test(link));
    const broken = links.filter((link) => {
      const [path = '', fragment] = link.split('#');
      const target = path === '' ? page : resolve(root, dirname(page), path);
      if (!existsSync(resolve(root, target))) return true;
      return fragment !== undefined && !anchorsOf(target).includes(fragment);
    });
    expect(broken).toEqual([]);
  });

  const examples = pages.flatMap((page) =>
    blocks(page, 'jsonc')
      .filter((text) => !text.includes('…'))
      .map((text) => [page, text] as const),
  );

  test.each(examples)('%s shows a traffic file that is valid: %s', (_, text) => {
    expect(parsePlan(text)).toMatchObject({ warnings: [] });
  });

  test('shows only commands and options that there are', async () => {
    const terminal = {
      out: () => undefined,
      err: () => undefined,
      outIsTty: false,
      errIsTty: false,
      color: false,
      columns: () => 80,
      rows: () => 24,
    };
    const program = await defineProgram({ terminal, env: {}, host: 'host', pid: 1 }, () => undefined);
    const known = new Map(
      program.commands.map((command) => [command.name(), command.options.map(({ long }) => long ?? '')]),
    );
    const wrong = pages.flatMap((page) =>
      blocks(page, 'sh')
        .flatMap((block) => block.split('\n'))
        .flatMap((line) => line.split(/&&|\|/u))
        .flatMap((line) => {
          const [, name, rest] = /(?:^|\s)drumline\s+(\w+)(.*)/u.exec(line) ?? [];
          if (name === undefined) return [];
          const options = [...(rest ?? '').replace(/#.*/u, '').matchAll(/--[a-z-]+/gu)].map(([option]) => option);
          return known.has(name)
            ? options
                .filter((option) => !known.get(name)?.includes(option))
                .map((option) => `${page}: ${name} ${option}`)
            : [`${page}: ${name}`];
        }),
    );
    expect(wrong).toEqual([]);
  });
});
