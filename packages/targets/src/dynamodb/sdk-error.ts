import { DrumlineError, type ErrorCode } from '@drumline/core/errors';
import { codeOfException, fieldsOf } from './answer.ts';

/** The coded form of what a call of the SDK failed with. @param about the table or endpoint that it was about. */
export function sdkError(error: unknown, about: string): DrumlineError {
  if (error instanceof DrumlineError) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const code = codeOf(error, name);
  const reason = message === '' || message === 'UnknownError' ? (codeTextOf(error) ?? name) : message;
  return new DrumlineError(code, `DynamoDB, "${about}": ${reason}`, { cause: error });
}

function codeOf(error: unknown, name: string): ErrorCode {
  const known = codeOfException(name);
  if (known !== undefined) return known;
  if (name === 'CredentialsProviderError') return 'DRUM_DDB_CREDENTIALS';
  const status = fieldsOf(fieldsOf(error)?.['$metadata'])?.['httpStatusCode'];
  if (typeof status === 'number' && status >= 500) return 'DRUM_DDB_SERVER';
  if (name === 'SyntaxError' || typeof status === 'number') return 'DRUM_DDB_ANSWER';
  return 'DRUM_CONNECT';
}

/** A refused connection to several addresses has a code and no message. */
function codeTextOf(error: unknown): string | undefined {
  const code = fieldsOf(error)?.['code'];
  return typeof code === 'string' ? code : undefined;
}
