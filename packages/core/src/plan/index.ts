export { checkPlanAgainstConfig } from './check-plan.ts';
export { columns } from './columns.ts';
export type { HttpBody, HttpChecks, HttpRequest, HttpTask, JsonCheck } from './http/index.ts';
export type { Action, ColumnSpec, DataAction, Json, Plan, PlanNode, Task } from './plan.ts';
export { ACTIONS } from './plan.ts';
export type { PlanResult } from './read-plan.ts';
export { parsePlan, readPlan } from './read-plan.ts';
export { trafficSchema } from './traffic-schema.ts';
