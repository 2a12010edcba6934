import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** PEM files of a certificate authority made for one test, and of a server and a client that it has signed. */
export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** Makes them in `folder`, valid for a day, for 127.0.0.1 and localhost. Needs the openssl command. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const path = (name: string): string => join(folder, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  await openssl([
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=Drumline test CA',
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem'),
  ]);
  await writeFile(path('names.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  for (const name of ['server', 'client']) {
    await openssl([
      'req',
      ...newKey,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      path(`${name}.key`),
      '-out',
      path(`${name}.csr`),
    ]);
    const signer = [
      '-CA',
      path('ca.pem'),
      '-CAkey',
      path('ca.key'),
      '-CAcreateserial',
      '-days',
      '1',
      '-extfile',
      path('names.ext'),
    ];
    await openssl(['x509', '-req', '-in', path(`${name}.csr`), ...signer, '-out', path(`${name}.pem`)]);
  }
  const pair = (name: string): { cert: string; key: string } => ({
    cert: path(`${name}.pem`),
    key: path(`${name}.key`),
  });
  return { ca: path('ca.pem'), server: pair('server'), client: pair('client') };
}

/** The texts of PEM files, as clients take them. */
export async function readPem(paths: {
  ca: string;
  cert: string;
  key: string;
}): Promise<{ ca: string; cert: string; key: string }> {
  const [ca, cert, key] = await Promise.all([paths.ca, paths.cert, paths.key].map((path) => readFile(path, 'utf8')));
  return { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
}

async function openssl(args: readonly string[]): Promise<void> {
  try {
    await run('openssl', args);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new Error('openssl is not installed: apt-get install openssl', { cause: error });
    throw error;
  }
}
