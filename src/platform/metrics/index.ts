export type { Family, Sample } from './exposition.ts'
export { countersOf, mergeFamilies } from './merge.ts'
export { createRegistry, type Registry } from './registry.ts'
export { type MetricsServer, serveMetrics } from './serve.ts'
