export { checkPlanAgainstConfig } from './check-plan.ts';
export { columns } from './columns.ts';
export type { Action, ColumnSpec, Json, Plan, PlanNode, Task } from './plan.ts';
export { ACTIONS } from './plan.ts';
export type { PlanResult } from './read-plan.ts';
export { parsePlan, readPlan } from './read-plan.ts';
export { trafficSchema } from './traffic-schema.ts';
