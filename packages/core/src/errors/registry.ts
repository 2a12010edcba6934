import type { Exit } from './drumline-error.ts';

interface Entry {
  /** The process exit code when this error ends a command; for errors of single operations, the one of a bug. */
  readonly exit: Exit;
  /** One sentence for docs/errors.md: what happened. */
  readonly summary: string;
  /** One sentence for docs/errors.md: what to do. */
  readonly fix: string;
}

/**
 * Every error code there is. `docs/errors.md` is generated from this table, and a test compares the two.
 * Codes are stable: one that has been released keeps its meaning.
 */
export const REGISTRY = {
  DRUM_BUG: {
    exit: 1,
    summary: 'Something happened that Drumline does not expect of itself.',
    fix: 'Please report it, with the stack that was logged.',
  },
  // plan and config files
  DRUM_FILE_UNREADABLE: {
    exit: 2,
    summary: 'A file that was named could not be read.',
    fix: 'Check the path and the permissions.',
  },
  DRUM_PLAN_INVALID: {
    exit: 2,
    summary: 'The traffic file has one or more problems; each is listed with line and column.',
    fix: 'Mend each listed problem; `drumline validate` checks without running.',
  },
  DRUM_PLAN_TOO_LARGE: {
    exit: 2,
    summary: 'A task has more operations, a longer life or a higher rate than can be counted exactly.',
    fix: 'Lower `qps`, `times`, `duration` or `--scale`, or split the task.',
  },
  DRUM_CONFIG_INVALID: {
    exit: 2,
    summary: 'The config has one or more problems; each is listed with line and column.',
    fix: 'Mend each listed problem; `drumline validate` checks without running.',
  },
  // command line
  DRUM_USAGE: {
    exit: 2,
    summary: 'An option or argument of the command is missing, unknown or out of bounds.',
    fix: 'See `drumline <command> --help`.',
  },
  DRUM_SUMMARY_INVALID: {
    exit: 2,
    summary: 'A file that was to be compared or drawn is not the summary of a run.',
    fix: 'Give the JSON document that `drumline run --json` or `drumline publisher --json` printed.',
  },
  DRUM_OUTPUT_UNUSABLE: {
    exit: 2,
    summary: 'A file or folder that results are to be written to cannot be used.',
    fix: 'Name a path in a folder that exists and that you may write to.',
  },
  DRUM_METRICS_ADDRESS: {
    exit: 2,
    summary: 'The address of `--metrics` cannot be listened on: in use, or not of this host.',
    fix: 'Choose another port, or 0 for any free one; the log says which.',
  },
  DRUM_SLO_INVALID: {
    exit: 2,
    summary: 'A threshold (`--slo`) cannot be read, or names a task that the traffic file does not have.',
    fix: 'Mend each listed problem; docs/guides/thresholds.md has the grammar.',
  },
  DRUM_SLO_FAILED: {
    exit: 3,
    summary: 'The run ended, and one or more thresholds were not kept, or could not be decided.',
    fix: 'See the rows of the thresholds in the summary, and its certificate for whether the load was the plan’s.',
  },
  DRUM_RATE_MISSED: {
    exit: 3,
    summary: 'The run ended, and less of its plan went out in time than `--require-rate` asks for.',
    fix: 'The certificate in the summary says whether the workers or the target could not keep up.',
  },
  DRUM_CHAOS_NO_REDIS: {
    exit: 2,
    summary: '`drumline chaos` starts Redis servers of its own, and redis-server is missing or did not start.',
    fix: 'Install it: `apt-get install redis-server` (Debian, Ubuntu), `brew install redis` (macOS).',
  },
  // bus
  DRUM_BUS_ADDRESS: {
    exit: 2,
    summary: 'The address of Redis, or what goes with it, cannot be understood.',
    fix: 'Write `host:port`, `redis://host:port/db` or `rediss://user:password@host:port`; nodes of a cluster with commas.',
  },
  DRUM_BUS_PREFIX: {
    exit: 2,
    summary:
      'The prefix of the key names is empty, or holds white space or braces, which Redis Cluster gives a meaning.',
    fix: 'Choose a prefix of letters, digits and `_ - . :`.',
  },
  DRUM_BUS_UNREACHABLE: {
    exit: 4,
    summary: 'Redis could not be reached at the start, or was away or unable to serve for longer than `--outage`.',
    fix: 'Check address, firewall and TLS settings, and that the server runs: `redis-cli -h <host> -p <port> ping`.',
  },
  DRUM_BUS_REFUSED: {
    exit: 4,
    summary: 'Redis answered and refused: wrong user or password, missing rights, or a key of another type in the way.',
    fix: 'Check user, password and ACL (`ACL WHOAMI`, `ACL LOG`), and whether the prefix is in use by something else.',
  },
  DRUM_BUS_FULL: {
    exit: 4,
    summary: 'Redis has reached its `maxmemory`, and had no room for longer than `--outage`.',
    fix: 'Raise `maxmemory`, lower the rate, or add workers so that the queues stay short.',
  },
  DRUM_BUS_LOST: {
    exit: 5,
    summary:
      'Redis has forgotten what it had confirmed: it was flushed, restarted without its data, or failed over to a replica that lagged.',
    fix: 'Start again; for long runs turn on persistence (`appendonly yes`, `appendfsync always`), and let nobody flush.',
  },
  DRUM_BUS_CLOSED: {
    exit: 1,
    summary: 'The bus was used after it had been closed.',
    fix: 'Please report this: it is a bug unless your own code closed the bus.',
  },
  // wire
  DRUM_ELEMENT_INVALID: {
    exit: 1,
    summary: 'A queue held an element that is neither a batch nor an operation in the original form.',
    fix: 'It was set aside in `{<prefix>_q<n>}:dead` with the reason; find out who pushed it.',
  },
  DRUM_RUN_UNKNOWN: {
    exit: 1,
    summary: 'A batch names a run, or a task of a run, that is not in Redis.',
    fix: 'It was set aside in the dead-letter list; a run is kept for 7 days after its end.',
  },
  DRUM_REPORT_INVALID: {
    exit: 1,
    summary: 'A report of a worker, or a histogram in it, cannot be read.',
    fix: 'It was counted and left out; see that all workers run the same version, and that nobody else writes to `<prefix>_stats`.',
  },
  // targets
  DRUM_HTTP_TLS: {
    exit: 4,
    summary: 'The TLS handshake with an HTTP target failed.',
    fix: 'See that the certificate is for this host; trust its authority by --target-tls-ca, or accept any by --target-tls-insecure.',
  },
  DRUM_HTTP_RESET: {
    exit: 1,
    summary: 'The connection broke after an HTTP request was sent and before its answer was whole.',
    fix: 'Look at the target: it closed or reset the connection.',
  },
  DRUM_HTTP_ANSWER: {
    exit: 1,
    summary: 'What came back is not HTTP, is shorter or longer than it says, or cannot be unpacked.',
    fix: 'Look at the target, and at what stands between.',
  },
  DRUM_HTTP_FIRST_BYTE: {
    exit: 1,
    summary: 'The first byte of an answer did not come within `first_byte` of its request.',
    fix: 'Look at the target, or raise `first_byte`.',
  },
  DRUM_HTTP_TOO_LARGE: {
    exit: 1,
    summary: 'The body of an answer was longer than `http.max_body`; it was cut there.',
    fix: 'Raise `max_body` in the config’s `http`, or find out why the target does not stop.',
  },
  DRUM_HTTP_REQUEST: {
    exit: 1,
    summary: 'A request could not be made of its templates: it has a header or path that HTTP does not allow.',
    fix: 'Look at the columns that its placeholders name.',
  },
  DRUM_HTTP_CREDENTIALS: {
    exit: 2,
    summary: 'A task says `auth`, and the worker has no user or password to send.',
    fix: 'Start workers with --target-user and --target-password-file, or set DRUMLINE_TARGET_PASSWORD.',
  },
  DRUM_HTTP_NO_BASE: {
    exit: 2,
    summary: 'A task’s `url` is a path, and there is no base URL to put it after.',
    fix: 'Add `"http": { "base_url": "http://host:port" }` to the config, or start workers with `--db http --endpoint URL`.',
  },
  DRUM_NO_DATABASE: {
    exit: 2,
    summary: 'An op of a data action came to a worker that was started with `--db http`.',
    fix: 'Start the worker with `--db dynamodb` or `--db redis`.',
  },
  DRUM_CHECK_STATUS: {
    exit: 1,
    summary: 'The status of an answer is not one that the task’s checks allow (below 400 when it has none).',
    fix: 'See `statuses` in the summary for what came instead.',
  },
  DRUM_CHECK_HEADER: {
    exit: 1,
    summary: 'A header of an answer is missing or has another value than the task’s checks ask for.',
    fix: 'Look at an answer of the target, e.g. with curl -i.',
  },
  DRUM_CHECK_BODY: {
    exit: 1,
    summary: 'The body of an answer does not hold what the task’s checks ask for.',
    fix: 'Look at an answer of the target, e.g. with curl.',
  },
  DRUM_CHECK_JSON: {
    exit: 1,
    summary: 'The body of an answer is not JSON, or does not have the values that the task’s checks ask for.',
    fix: 'Look at an answer of the target, e.g. with curl.',
  },
  DRUM_CHECK_SIZE: {
    exit: 1,
    summary: 'The body of an answer is shorter or longer than the task’s checks allow.',
    fix: 'Look at an answer of the target, e.g. with curl.',
  },
  DRUM_CHECK_TIME: {
    exit: 1,
    summary: 'An answer was all that it should be, and took longer than the task’s checks allow.',
    fix: 'Look at the target, or raise `time`.',
  },
  DRUM_ENDPOINT_INVALID: {
    exit: 2,
    summary: 'The address of a target is not one that its driver understands.',
    fix: 'DynamoDB: http(s)://host:port; Redis: host:port or redis://user:password@host:port/db.',
  },
  DRUM_CONNECT: {
    exit: 4,
    summary:
      'The target could not be reached: refused, reset, no such host, or the connection broke before the answer.',
    fix: 'Check the endpoint, the network, and that the target runs.',
  },
  DRUM_OP_TIMEOUT: {
    exit: 1,
    summary: 'An op had not ended when its time-out passed; it was aborted.',
    fix: 'Look at the target, or raise `timeout` in the config.',
  },
  DRUM_TABLE_MISSING: {
    exit: 4,
    summary: 'The DynamoDB table does not exist.',
    fix: 'Make it with `--create-table`, or correct `table_name` or the endpoint.',
  },
  DRUM_TABLE_SCHEMA: {
    exit: 2,
    summary: 'The DynamoDB table has other keys than the ops need.',
    fix: 'Multi-column: key `id` (S). Names beginning with `multirow`: `id` (S) and `sk` (S). Use another `table_name`.',
  },
  DRUM_TABLE_NOT_ACTIVE: {
    exit: 4,
    summary: 'The DynamoDB table exists and did not become active in time.',
    fix: 'Look at the table in the console, then start again.',
  },
  DRUM_DDB_CREDENTIALS: {
    exit: 4,
    summary: 'The AWS provider chain found no credentials.',
    fix: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role.',
  },
  DRUM_DDB_THROTTLED: {
    exit: 4,
    summary: 'DynamoDB throttled a request and its retries were used up.',
    fix: 'Raise the capacity of the table, lower the rate, or allow `retries`.',
  },
  DRUM_DDB_UNPROCESSED: {
    exit: 1,
    summary: 'Parts of a DynamoDB batch were still undone after the bounded retries.',
    fix: 'Raise the capacity of the table or lower the rate.',
  },
  DRUM_DDB_VALIDATION: {
    exit: 4,
    summary: 'DynamoDB refused a request as invalid.',
    fix: 'Check column names and values; an item holds at most 400 KB.',
  },
  DRUM_DDB_ACCESS: {
    exit: 4,
    summary: 'DynamoDB refused the credentials or the right to do this.',
    fix: 'Check the credentials, their policy and the clock of the host.',
  },
  DRUM_DDB_SERVER: {
    exit: 4,
    summary: 'DynamoDB answered with an error of its own.',
    fix: 'Look at the health of the service; allow `retries`.',
  },
  DRUM_DDB_ANSWER: {
    exit: 4,
    summary: 'What answered the request does not speak DynamoDB.',
    fix: 'Check that the endpoint is one of DynamoDB.',
  },
  DRUM_REDIS_OOM: {
    exit: 4,
    summary: 'The target Redis is out of memory.',
    fix: 'Raise maxmemory, set an eviction policy, or write less.',
  },
  DRUM_REDIS_READONLY: {
    exit: 4,
    summary: 'The target Redis is a read-only replica.',
    fix: 'Point the endpoint at the primary.',
  },
  DRUM_REDIS_WRONGTYPE: {
    exit: 1,
    summary: 'A key of the target Redis holds another type of value.',
    fix: 'Use another database, or delete what an earlier use left there.',
  },
  DRUM_REDIS_LOADING: {
    exit: 4,
    summary: 'The target Redis is loading its data.',
    fix: 'Wait until it has started.',
  },
  DRUM_REDIS_UNAVAILABLE: {
    exit: 4,
    summary:
      'The target Redis cannot serve now: busy, cluster down, primary gone, persistence failing, too few replicas.',
    fix: 'Look at the log of the target.',
  },
  DRUM_REDIS_ACCESS: {
    exit: 4,
    summary: 'The target Redis refused the password or the right to do this.',
    fix: 'Check user, password and ACL of the target.',
  },
  DRUM_REDIS_MOVED: {
    exit: 4,
    summary: 'The target Redis is a cluster and the key lives on another node.',
    fix: 'Say `--cluster`.',
  },
  DRUM_REDIS_ANSWER: {
    exit: 4,
    summary: 'What answered is no Redis, or answered with what the command cannot be answered with.',
    fix: 'Check that the endpoint is a Redis that speaks RESP2, and what stands between.',
  },
  DRUM_REDIS_REFUSED: {
    exit: 4,
    summary: 'The target Redis answered with an error that has no code of its own.',
    fix: 'Look at the log of the target.',
  },
  // publisher and worker
  DRUM_PUBLISHER_LOCKED: {
    exit: 2,
    summary: 'Another publisher holds the lock of this prefix.',
    fix: 'Wait for its end, stop it (`drumline notify stop`), or use another --prefix.',
  },
  DRUM_PUBLISHER_FENCED: {
    exit: 4,
    summary: 'This publisher lost its lock and a newer one took over; it stopped publishing.',
    fix: 'Look at why its connection to Redis stalled for longer than the lock lasts.',
  },
  DRUM_RESUME_UNKNOWN: {
    exit: 2,
    summary: 'The run that is to be continued is not in Redis, or its record cannot be read.',
    fix: 'Check --redis, --prefix and the id of the run, which its summary and `drumline status` show.',
  },
  DRUM_RESUME_ENDED: {
    exit: 2,
    summary: 'The run that is to be continued has ended: nothing of it is left to play.',
    fix: 'Start a new run; the summary of the old one was printed by its publisher.',
  },
  DRUM_BACKLOG: {
    exit: 5,
    summary: 'The queues held more than the backlog bound allows and the policy is abort.',
    fix: 'Add workers, lower the rate, or choose --backlog warn or pause.',
  },
  DRUM_INCOMPLETE: {
    exit: 5,
    summary: 'The ledger does not balance: published operations have no outcome.',
    fix: 'See which task lacks how many; are workers running, and on the same prefix?',
  },
  DRUM_CONFIG_MISSING: {
    exit: 4,
    summary: 'No config appeared in Redis within the time a worker waits for it.',
    fix: 'Start the publisher, which writes it, or check that --prefix and --redis are the same on both.',
  },
  DRUM_WORKER_TAKEN: {
    exit: 2,
    summary: 'Another worker with the same id is alive.',
    fix: 'Give each worker an --id of its own, or none.',
  },
  DRUM_OP_CRASHED: {
    exit: 1,
    summary: 'A driver threw while it executed an operation: a bug, not an answer of the target.',
    fix: 'The worker logged the stack once; please report it.',
  },
  // notify
  DRUM_COMMAND_INVALID: {
    exit: 2,
    summary: 'A notify command is unknown, or its arguments are.',
    fix: 'See `drumline notify --help` for the commands and their arguments.',
  },
  DRUM_COMMAND_UNSIGNED: {
    exit: 2,
    summary: 'A command came without a valid signature to a process that has a secret, or needs one.',
    fix: 'Give the same DRUMLINE_SECRET (or --secret-file) to `drumline notify` and to the fleet.',
  },
  DRUM_COMMAND_STALE: {
    exit: 2,
    summary:
      'A signed command was sent more than 30 s ago (or ahead), before this process listened, or had been executed before.',
    fix: 'Send it again; `drumline notify` stamps each command itself.',
  },
  DRUM_COMMAND_FLOOD: {
    exit: 2,
    summary: 'More signed commands came within 30 s than a process remembers the nonces of (10,000).',
    fix: 'Find out who sends them: `drumline status --audit`.',
  },
  DRUM_COMMAND_FORBIDDEN: {
    exit: 2,
    summary: 'A command that the worker was not started to allow.',
    fix: 'Start the worker with --allow <command> and a secret.',
  },
  DRUM_COMMAND_FAILED: {
    exit: 1,
    summary: 'A command was accepted and failed, or a worker did not answer in time.',
    fix: 'See the row of that worker.',
  },
  DRUM_PLUGIN_INVALID: {
    exit: 2,
    summary: 'A plug-in file could not be loaded, or does not export what a plug-in exports.',
    fix: 'See docs/guides/plug-ins.md for the shape.',
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof REGISTRY;

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(REGISTRY, code);
