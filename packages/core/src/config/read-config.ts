import { describeProblems, openDocument, Place, type Problem, readRecord } from '../document/index.ts';
import { DrumlineError } from '../errors/index.ts';
import type { Config } from './config.ts';
import { CONFIG_FIELDS } from './config-fields.ts';

const EXAMPLE = '{ "table_name": "stress-test", "threads": 10 }';

/** The config with what is allowed but probably not meant, or every problem of the file, in file order. */
export type ConfigResult =
  | { readonly config: Config; readonly warnings: readonly Problem[] }
  | { readonly problems: readonly Problem[] };

/** Parses the text of a config file. Never throws for what the text holds. */
export function parseConfig(text: string): ConfigResult {
  const document = openDocument(text, EXAMPLE);
  const config = document.root === undefined ? undefined : build(new Place(document, document.root));
  const { problems, warnings } = document.findings;
  return problems.length > 0 || config === undefined ? { problems } : { config, warnings };
}

/**
 * The config of a config file.
 * @param file Its name, for messages.
 * @throws DRUM_CONFIG_INVALID with all problems, one a line, each with its position and what to write.
 */
export function readConfig(text: string, file: string): Config {
  const result = parseConfig(text);
  if ('config' in result) return result.config;
  throw new DrumlineError('DRUM_CONFIG_INVALID', describeProblems(result.problems, file));
}

function build(place: Place): Config | undefined {
  const values = readRecord(place, CONFIG_FIELDS, { what: 'an object', ignored: ['$schema'] })?.values;
  if (values?.table_name === undefined || values.threads === undefined) return undefined;
  return {
    tableName: values.table_name,
    region: values.region,
    threads: values.threads,
    sampleData: values.sample_data,
    dbType: values.db_type,
    redisAddr: values.redis_addr,
    endpoint: values.endpoint,
    maxInFlight: values.max_in_flight,
    timeout: values.timeout,
    retries: values.retries,
    consistentRead: values.consistent_read,
    http: values.http,
    batchOps: values.batch_ops,
    slos: values.slo,
  };
}
