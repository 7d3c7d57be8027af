export { createFileStore, sweepIncoming } from './file-store.ts'
export { createS3Store, type S3Options, type S3Timeouts } from './s3-store.ts'
export {
  type ListedObject,
  ObjectNotFound,
  type ObjectStore,
  ObjectTooLarge,
  type PutOptions,
  type StoredObject,
} from './store.ts'
