export type { PageInput } from './report-page.ts';
export { renderPage } from './report-page.ts';
