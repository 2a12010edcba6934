import { DrumlineError } from '@drumline/core/errors';

/** Reads the URL of a DynamoDB. Throws `DRUM_ENDPOINT_INVALID`. */
export function parseEndpoint(text: string): URL {
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:$/u.test(url.protocol) ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.username !== ''
  ) {
    throw new DrumlineError(
      'DRUM_ENDPOINT_INVALID',
      `"${text.slice(text.lastIndexOf('@') + 1)}" is not the URL of a DynamoDB`,
      {
        hint: 'write http://host:port or https://host, with no path',
      },
    );
  }
  return url;
}

/** Whether a URL leads to this machine. */
export const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || hostname.startsWith('127.');
