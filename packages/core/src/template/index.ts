export type { Escape, Rendered, TemplateTask } from './template-compiler.ts';
export { joined, TemplateCompiler } from './template-compiler.ts';
