export type {
  ComparedFigure,
  ComparedTask,
  CompareOptions,
  Comparison,
  FigureVerdict,
} from './compare-runs.ts';
export { compareRuns } from './compare-runs.ts';
export { renderComparison } from './render-comparison.ts';
