// The fetcher and the poster (fetcher.ts, poster.ts) are imported from their own files: refusing an address needs no HTTP client.
export type { Reach } from './addresses.ts'
export type { Lookup } from './connector.ts'
export { WebError, type WebErrorCode } from './errors.ts'
export type { WebFetcher, WebLimits, WebPage } from './fetcher.ts'
export type { PostAnswer, WebPoster } from './poster.ts'
export { refuseUrl, requireUrl } from './refuse-url.ts'
