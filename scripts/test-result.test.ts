import { describe, expect, test } from 'vitest';
import { closingLine } from './test-result.ts';

const counts = { numPassedTests: 7, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

describe('the closing line of the tests', () => {
  test('counts what passed and what failed', () => {
    expect(closingLine(counts, 0)).toBe('tests: 7 passed, 0 failed');
    expect(closingLine({ ...counts, numFailedTests: 2 }, 1)).toBe('tests: 7 passed, 2 failed');
  });

  test('counts what was skipped, when there is any', () => {
    expect(closingLine({ ...counts, numPendingTests: 2, numTodoTests: 1 }, 0)).toBe(
      'tests: 7 passed, 0 failed, 3 skipped',
    );
  });

  test('counts a file that could not be loaded as one failure', () => {
    const broken = { status: 'failed', assertionResults: [] };
    const failing = { status: 'failed', assertionResults: [{ status: 'failed' }] };
    const result = { ...counts, numFailedTests: 1, testResults: [broken, failing] };
    expect(closingLine(result, 1)).toBe('tests: 7 passed, 2 failed');
  });

  test('never says that nothing failed when the exit code says otherwise', () => {
    expect(closingLine(counts, 1)).toBe('tests: 7 passed, 1 failed');
    expect(closingLine(undefined, null)).toBe('tests: 0 passed, 1 failed');
  });
});
