/** Something wrong, or worth a warning, in a file that a person wrote. */
export interface Problem {
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units like editors count. */
  readonly column: number;
  /** Which value, e.g. `[0].data.request_`; empty for the file as a whole and for its syntax. */
  readonly path: string;
  /** What is wrong: the value, and the bound or what was expected. Goes on from `path`. */
  readonly message: string;
  /** What to write instead. */
  readonly hint: string;
}

/** One problem as `file:line:column: <path> <message>; <hint>`, a form that editors and terminals can jump to. */
export function describeProblem(problem: Problem, file: string): string {
  const path = problem.path === '' ? '' : `${problem.path} `;
  return `${file}:${problem.line}:${problem.column}: ${path}${problem.message}; ${problem.hint}`;
}

/** All problems of a file, one a line, under a line that counts them. */
export function describeProblems(problems: readonly Problem[], file: string): string {
  const lines = problems.map((problem) => describeProblem(problem, file));
  return [`${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:`, ...lines].join('\n');
}
