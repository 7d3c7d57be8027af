// The fetcher itself (fetcher.ts) is imported from its own file: refusing an address needs no HTTP client.
export type { Lookup } from './connector.ts'
export { WebError, type WebErrorCode } from './errors.ts'
export type { WebFetcher, WebLimits, WebPage } from './fetcher.ts'
export { refuseUrl } from './refuse-url.ts'
