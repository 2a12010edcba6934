export type { Certificate, CertificateInput } from './certificate.ts';
export { certify } from './certificate.ts';
export { renderCertificate } from './render-certificate.ts';
export { renderSlos, valueText } from './render-slos.ts';
export { runFigures } from './run-figures.ts';
export type { SloVerdict } from './slo-judge.ts';
export { SloJudge } from './slo-judge.ts';
