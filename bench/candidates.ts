import type { Sending } from './client.ts'
import type { Processes, Server } from './processes.ts'
import type { Lecturer, World } from './world.ts'

export type Candidate = {
  name: string
  /** Whether the targets are meant for it. */
  isOurs: boolean
  /** Whether it leaves the files on the disk of this machine, as it should. */
  keepsFiles?: boolean
  start(): Promise<Server>
  /** What is to be sent so that a file of `size` bytes is uploaded. */
  sending(server: Server, lecturer: Lecturer, size: number): Promise<Sending>
}

export const LIMIT = 'limit'
export const RAW = 'raw body'

const VIDEO = { 'content-type': 'video/mp4' }

/** `nodeOptions` are for our API only. */
export function listCandidates(processes: Processes, world: World, nodeOptions: readonly string[]): Candidate[] {
  const peer = (name: string, module: string): Candidate => ({
    name,
    isOurs: false,
    start: () => processes.serve(module, world.s3),
    sending: async ({ url }, _lecturer, size) => ({ url, method: 'POST', headers: VIDEO, size }),
  })
  const ours = (name: string, sending: Candidate['sending']): Candidate => ({
    name,
    isOurs: true,
    start: () => processes.api(world.s3, nodeOptions),
    sending,
  })
  return [
    peer(LIMIT, 'peers/limit.ts'),
    peer('lib-storage', 'peers/lib-storage.ts'),
    ours(RAW, sendRaw),
    ours('form', sendForm),
    ours('tus', sendTus),
    { ...ours('raw, files', sendRaw), keepsFiles: true, start: () => processes.api(world.files, nodeOptions) },
  ]
}

const materialsOf = ({ url }: Server, { courseId }: Lecturer) => `${url}/api/v1/courses/${courseId}/materials`

async function sendRaw(server: Server, lecturer: Lecturer, size: number): Promise<Sending> {
  const url = `${materialsOf(server, lecturer)}?source_type=video&filename=${encodeURIComponent('лекція.mp4')}`
  return { url, method: 'POST', headers: { ...VIDEO, 'x-api-key': lecturer.key }, size }
}

async function sendForm(server: Server, lecturer: Lecturer, size: number): Promise<Sending> {
  const boundary = 'bench-4f1c6b0e7d'
  const type = `multipart/form-data; boundary=${boundary}`
  const disposition = 'Content-Disposition: form-data; name='
  return {
    url: materialsOf(server, lecturer),
    method: 'POST',
    headers: { 'content-type': type, 'x-api-key': lecturer.key },
    size,
    before:
      `--${boundary}\r\n${disposition}"source_type"\r\n\r\nvideo\r\n` +
      `--${boundary}\r\n${disposition}"file"; filename="лекція.mp4"\r\nContent-Type: video/mp4\r\n\r\n`,
    after: `\r\n--${boundary}--\r\n`,
  }
}

async function sendTus(server: Server, { key, courseId }: Lecturer, size: number): Promise<Sending> {
  const tus = { 'x-api-key': key, 'tus-resumable': '1.0.0' }
  const metadata = { filename: 'лекція.mp4', filetype: 'video/mp4', source_type: 'video' }
  const encoded = Object.entries(metadata).map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
  const url = `${server.url}/api/v1/courses/${courseId}/uploads`
  const headers = { ...tus, 'upload-length': String(size), 'upload-metadata': encoded.join(',') }
  const created = await fetch(url, { method: 'POST', headers })
  if (created.status !== 201) throw new Error(`tus: ${created.status} ${await created.text()}`)
  return {
    url: new URL(created.headers.get('location') ?? '', url).href,
    method: 'PATCH',
    headers: { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    size,
  }
}
