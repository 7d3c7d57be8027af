/** Our rules among those of a bucket. */
export const RULE_ID = 'course-supporter'

/** What an operator may look at, by the code of an error. */
export const HINTS: Record<string, string> = {
  InvalidAccessKeyId: 'S3_ACCESS_KEY is not known there',
  SignatureDoesNotMatch: 'S3_SECRET_KEY is wrong',
  NoSuchBucket: 'S3_BUCKET does not exist there',
  AuthorizationHeaderMalformed: 'S3_REGION is wrong',
  RequestTimeTooSkewed: "this machine's clock is wrong",
  AccessDenied: 'the key lacks a permission',
  ENOTFOUND: 'S3_ENDPOINT names no host',
  ECONNREFUSED: 'nothing listens at S3_ENDPOINT',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'name the authority in NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN: 'name the authority in NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'name the authority in NODE_EXTRA_CA_CERTS',
}
