import { z } from 'zod';

/** A field of the run's hash that holds JSON. */
export const json = <T extends z.ZodType>(of: T) =>
  z
    .string()
    .transform((value, context): unknown => {
      try {
        return JSON.parse(value);
      } catch {
        context.addIssue('is not JSON');
        return z.NEVER;
      }
    })
    .pipe(of);
