export type { Lookup } from './connector.ts'
export { WebError, type WebErrorCode } from './errors.ts'
export { createWebFetcher, type WebFetcher, type WebLimits, type WebPage } from './fetcher.ts'
export { refuseUrl } from './refuse-url.ts'
