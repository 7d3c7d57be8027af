/** A form with a recording, as OpenAI's transcriptions take it. */
export type SoundForm = {
  /** All but the file; a list's name ends in `[]`. */
  fields: Record<string, string>
  file: { name: string; mediaType: string; bytes: Uint8Array }
}

/** Undefined for what is no such form. */
export async function readSoundForm(body: Uint8Array, contentType: string | undefined): Promise<SoundForm | undefined> {
  const headers = { 'content-type': contentType ?? '' }
  const form = await new Response(new Uint8Array(body), { headers }).formData().catch(() => undefined)
  const file = form?.get('file')
  if (form === undefined || !(file instanceof File)) return undefined
  const fields: Record<string, string> = {}
  for (const [name, value] of form) if (typeof value === 'string') fields[name] = value
  const { name, type } = file
  return { fields, file: { name, mediaType: type, bytes: new Uint8Array(await file.arrayBuffer()) } }
}

/** What is said in every recording: a sentence of it every five seconds, from a place that depends on its bytes. */
export function transcriptOf({ file }: SoundForm) {
  const { bytes } = file
  const seconds = secondsIn(bytes)
  const first = bytes.reduce((sum, byte) => (sum + byte) % SENTENCES.length, 0)
  const segments = Array.from({ length: Math.ceil(seconds / EVERY) }, (_, id) => ({
    ...{ id, seek: id * EVERY * 100, start: id * EVERY, end: Math.min((id + 1) * EVERY, seconds) },
    text: ` ${SENTENCES[(first + id) % SENTENCES.length]}`,
    ...{ tokens: [50_364, id], temperature: 0, avg_logprob: -0.2, compression_ratio: 1.2, no_speech_prob: 0.01 },
  }))
  return {
    ...{ task: 'transcribe', language: 'ukrainian', duration: seconds },
    text: segments.map(({ text }) => text).join(''),
    segments,
    usage: { type: 'duration', seconds: Math.ceil(seconds) },
  }
}

const EVERY = 5

const SENTENCES = [
  "Змінна — це ім'я, за яким програма зберігає значення.",
  'Цикл — це конструкція, яка повторює дії.',
  'Функція — це іменований блок коду, який можна викликати.',
  'Умова — це вираз, від якого залежить, що виконається далі.',
  'Список — це впорядкований набір значень.',
]

/** How long a WAV, an Ogg with Opus or an MP3 of one bit rate lasts; anything else lasts a second for 2000 bytes, as speech of 16 kbit/s does. */
function secondsIn(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = buffer.toString('latin1', 0, 4)
  // http://soundfile.sapp.org/doc/WaveFormat: bytes a second at 28, and what follows the header of 44.
  if (magic === 'RIFF' && buffer.length > 44) return (buffer.length - 44) / Math.max(1, buffer.readUInt32LE(28))
  const last = buffer.lastIndexOf('OggS')
  // RFC 3533 and RFC 7845: the last page's granule position, in samples of 48 kHz.
  if (magic === 'OggS' && buffer.length >= last + 14) return Number(buffer.readBigInt64LE(last + 6)) / 48_000
  const rate = bitRateOf(buffer)
  return buffer.length / (rate === undefined ? 2_000 : rate / 8)
}

/** Of an MPEG-2 layer III stream without a tag before it, in bits a second: http://mpgedit.org/mpgedit/mpeg_format/mpeghdr.htm */
function bitRateOf(buffer: Buffer): number | undefined {
  const [sync, version, rate] = [buffer[0], buffer[1], buffer[2]]
  if (sync !== 0xff || version === undefined || (version & 0xfe) !== 0xf2 || rate === undefined) return undefined
  const kilobits = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160][rate >> 4]
  return kilobits === undefined || kilobits === 0 ? undefined : kilobits * 1_000
}
