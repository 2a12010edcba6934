import type { HttpTask } from '@drumline/core/plan';
import type { TemplateTask } from '@drumline/core/template';

/** An http task of a run: everything that its requests are a function of, but the op. */
export interface PlayedHttp extends TemplateTask {
  readonly http: HttpTask;
}
