import { z } from 'zod';

/** What is read of the result that vitest's JSON reporter writes. */
const Result = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

/**
 * `tests: N passed, N failed[, N skipped]`. A file that failed without a failing test (it could not be loaded, or a hook
 * threw) counts as one failed test, and so does whatever else made vitest exit with an error.
 */
export function closingLine(result: unknown, status: number | null): string {
  const parsed = Result.safeParse(result);
  if (!parsed.success) return 'tests: 0 passed, 1 failed';
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = parsed.data;
  const brokenFiles = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = numFailedTests + brokenFiles;
  const skipped = numPendingTests + numTodoTests;
  return [
    `tests: ${numPassedTests} passed`,
    `${failed === 0 && status !== 0 ? 1 : failed} failed`,
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
  ].join(', ');
}
