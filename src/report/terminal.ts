export { type PlanView, renderPlan } from './plan.ts';
export { renderProblem, renderProblems } from './problem.ts';
export { renderResult } from './result.ts';
export { makeStyle, type Style, type StyleOptions } from './style.ts';
