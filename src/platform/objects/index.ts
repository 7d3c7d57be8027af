// The S3 store (s3-store.ts) is imported from its own file: its SDK takes long to load.
export { untilAborted } from './abort.ts'
export { measureBody } from './body.ts'
export { refuseEndpoint } from './endpoint.ts'
export { createFileStore, sweepIncoming } from './file-store.ts'
export type { S3Options, S3Timeouts } from './s3-store.ts'
export {
  type AppendOptions,
  type ByteRange,
  type DirectStore,
  type ListedObject,
  ObjectNotFound,
  type ObjectStore,
  ObjectTooLarge,
  type Part,
  type PartialObject,
  type PartialStore,
  type PutOptions,
  type SignedRequest,
  type StoredObject,
} from './store.ts'
