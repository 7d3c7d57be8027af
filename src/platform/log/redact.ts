// Every pattern has bounds: it is tried at each character of a line, and a line may be long.
const BLOT = '[redacted]'

// A word that only a machine writes: prose after "Basic" or "Bearer" has neither digits, nor padding, nor capitals in the middle.
const TOKEN = '(?=[\\w.~+/-]{0,200}(?:\\d|=|[a-z][A-Z]))[\\w.~+/-]{8,}=*'

// A quote, behind as many backslashes as the JSON in JSON it stands in has got; the value ends at the next one of the same depth.
const SECRET_NAME =
  '[\\w-]{0,40}(?:password|passwd|secret|authorization|cookie|api[_-]?key|secret[_-]?key|secretAccessKey|access[_-]?token|refresh[_-]?token|session[_-]?token)'

const SECRETS: [RegExp, string][] = [
  // Our own keys, even cut short: what is logged of one on purpose ends after four digits.
  [/(cs_(?:live|test)_[0-9a-f]{4})[0-9a-f]+/g, `$1${BLOT}`],
  // Passwords in URLs.
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"\\]{0,200}:)[^\s@/"\\]{1,500}@/gi, `$1${BLOT}@`],
  [new RegExp(`\\b([Bb]earer|[Bb]asic) ${TOKEN}`, 'g'), `$1 ${BLOT}`],
  // Providers' keys, and the signature of an S3 request.
  [/\bsk-(?=[\w-]{0,200}\d)[\w-]{16,}|\bAIza[\w-]{30,}/g, BLOT],
  [/\b((?:Credential|Signature)=)[\w/%-]{16,}/g, `$1${BLOT}`],
  [/([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|token|key|api_key|password)=)[^&\s"\\]+/gi, `$1${BLOT}`],
  // Values under names that say what they are, in JSON …
  [new RegExp(`(")(${SECRET_NAME})"(\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gi'), `$1$2"$3"${BLOT}"`],
  [new RegExp(`(\\\\+")(${SECRET_NAME})\\1(\\s*:\\s*)\\1.*?(?<!\\\\)\\1`, 'gi'), `$1$2$1$3$1${BLOT}$1`],
  // … and as assignments: NAME=value, name: 'value'.
  [new RegExp(`\\b(${SECRET_NAME})(=|: ')([^\\s"'\\\\&,;]{3,})`, 'gi'), `$1$2${BLOT}`],
]

/** The text without any secret that has a recognisable form. */
export function redact(text: string): string {
  return SECRETS.reduce((line, [pattern, replacement]) => line.replace(pattern, replacement), text)
}
