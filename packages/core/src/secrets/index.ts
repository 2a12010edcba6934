export { holdsPassword } from './holds-password.ts';
export { masked } from './masked.ts';
