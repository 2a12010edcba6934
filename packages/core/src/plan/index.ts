export type { Action, ColumnSpec, Json, Plan, PlanNode, Task } from './plan.ts';
export { ACTIONS } from './plan.ts';
