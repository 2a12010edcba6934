export { HttpTarget } from './http-target.ts';
export type { PlayedHttp } from './played-http.ts';
