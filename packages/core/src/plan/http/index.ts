export { httpChecks } from './check-fields.ts';
export type { HttpBody, HttpChecks, HttpRequest, HttpTask, JsonCheck } from './http-task.ts';
export { readHttp } from './read-http.ts';
export { httpRequest } from './request-fields.ts';
