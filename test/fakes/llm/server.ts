import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { type ChatCompletionRequest, type FixtureResponse, getTextContent, LLMock } from '@copilotkit/aimock'
import type { Asked, Behaviour } from './asked.ts'
import { obeysAttacker } from './attacker.ts'
import { createFaults, type Fault } from './faults.ts'
import { readPrompt } from './prompt.ts'
import { readSoundForm, type SoundForm, transcriptOf } from './sound.ts'
import { wellBehaved } from './well-behaved.ts'
import { pathBelow, type TextWire, tokensIn, usageIn, type Wire, wireOf } from './wire.ts'

export type Call = {
  wire: Wire
  method: string
  path: string
  headers: IncomingMessage['headers']
  /** As it came over the wire. */
  body: string
  asked: Asked | undefined
  /** What there is to be transcribed. */
  sound: SoundForm | undefined
  /** What was answered, before any fault; undefined while it is not. */
  answer: string | undefined
  /** Of the answer; undefined while there is none, or when there never was. */
  status: number | undefined
  /** The client went away before it had all. */
  abandoned: boolean
}

export type Model = {
  /** `http://127.0.0.1:…` */
  url: string
  /** What each provider's SDK is given as its base URL. */
  baseUrls: Record<'openai' | 'anthropic' | 'gemini' | 'deepseek' | 'compatible', string>
  /** Every call so far, oldest first. */
  calls: Call[]
  behave(how: 'well' | 'obeys-attacker' | Behaviour): void
  /** The next calls meet these, one each, whatever they ask. */
  fail(...faults: Fault[]): void
  /** From now on calls wait before they are answered; what it returns lets all go. */
  hold(): () => void
  /** Resolves when so many calls have come in all. Bounded by the test's own patience. */
  called(times: number): Promise<void>
  /** Forgets calls and faults that were not met. */
  reset(): void
  close(): Promise<void>
}

export type ModelOptions = { behave?: 'well' | 'obeys-attacker' | Behaviour; port?: number }

/**
 * A language model on 127.0.0.1 that speaks the formats of OpenAI, Anthropic, Gemini and DeepSeek, reads the product's prompts and answers
 * them, always in the same way. It hears sound as well, if not what is said in it. What it does not understand is a 400 that says so.
 */
export async function startModel({ behave = 'well', port = 0 }: ModelOptions = {}): Promise<Model> {
  let behaviour = behaviourOf(behave)
  let gate: Promise<void> | undefined
  const calls: Call[] = []
  const faults = createFaults()
  const waiting = new Set<() => void>()
  const underWay = new Map<string, { call: Call; fault: Fault | undefined }>()

  const mock = new LLMock({ port: 0, host: '127.0.0.1', chunkSize: 2_000, journalMaxEntries: 1, logLevel: 'silent' })
  mock.on({ predicate: () => true }, (request) => {
    const found = underWay.get(String(request._context))
    if (found === undefined) throw new Error('This call did not come through the door.')
    return answerTo(request, found, behaviour)
  })
  await mock.start()

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    const [path = '', search] = url.split(/\?(.*)/s)
    const wire = wireOf(path)
    const body = await buffer(request)
    if (wire === undefined || method !== 'POST') return refuse(response, `${method} ${path} is no format of a model's.`)
    const sound = wire === 'transcription' ? await readSoundForm(body, headers['content-type']) : undefined
    const call: Call = {
      ...{ wire, method, path: url, headers, body: body.toString(), sound },
      ...{ asked: undefined, answer: undefined, status: undefined, abandoned: false },
    }
    response.on('close', () => {
      call.abandoned ||= !response.writableFinished
    })
    const fault = faults.take()
    const id = String(calls.push(call))
    for (const look of waiting) look()

    await gate
    if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms).unref())
    if (fault?.kind === 'reset') return void request.socket.destroy()
    if (fault?.kind === 'silence' || response.destroyed) return
    if (wire === 'transcription') return listen(call, response, fault)
    underWay.set(id, { call, fault })
    response.on('close', () => underWay.delete(id))
    const below = httpRequest({
      ...{ host: '127.0.0.1', port: mock.port, method, path: pathBelow(wire, path) + (search ? `?${search}` : '') },
      headers: { 'content-type': 'application/json', 'content-length': body.length, 'x-aimock-context': id },
    })
    response.on('close', () => below.destroy())
    below.end(body)
    const [answer] = (await once(below, 'response')) as [IncomingMessage]
    call.status = answer.statusCode
    response.writeHead(answer.statusCode ?? 500, headersOf(answer.headers['content-type'], fault))
    await send(answer, response, fault)
  }

  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    baseUrls: {
      openai: `${url}/v1`,
      anthropic: `${url}/v1`,
      gemini: `${url}/v1beta`,
      deepseek: url,
      compatible: `${url}/v1`,
    },
    calls,
    behave(how) {
      behaviour = behaviourOf(how)
    },
    fail: (...given) => faults.add(given),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return () => {
        gate = undefined
        resolve()
      }
    },
    async called(times) {
      while (calls.length < times) {
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.add(resolve)
        await promise
        waiting.delete(resolve)
      }
    },
    reset() {
      calls.splice(0)
      faults.clear()
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await mock.stop()
    },
  }
}

const behaviourOf = (how: 'well' | 'obeys-attacker' | Behaviour): Behaviour =>
  how === 'well' ? wellBehaved : how === 'obeys-attacker' ? obeysAttacker : how

function answerTo(
  request: ChatCompletionRequest,
  { call, fault }: { call: Call; fault: Fault | undefined },
  behaviour: Behaviour,
): FixtureResponse {
  const asked = { system: textOf(request, 'system'), user: textOf(request, 'user'), model: request.model }
  call.asked = asked
  if (fault?.kind === 'status') return failure(fault.status, 'This is what the test wanted.')
  const said = fault?.kind === 'answer' ? fault.content : behaviour(asked)
  if (said === undefined) {
    const { task } = readPrompt(asked) ?? {}
    return failure(
      400,
      `The mock does not know what to answer${task ? ` to ${task}` : ': this is none of our prompts'}.`,
    )
  }
  const whole = typeof said === 'string' ? said : JSON.stringify(said)
  call.answer = whole
  const content = distorted(whole, fault)
  const usage = usageIn(call.wire as TextWire, tokensIn(asked.system + asked.user), tokensIn(content))
  return { content, usage, finishReason: finishOf(fault) }
}

function textOf({ messages }: ChatCompletionRequest, role: 'system' | 'user'): string {
  // Models that reason are told what they are by a `developer`.
  const isOf = (name: string) => name === role || (role === 'system' && name === 'developer')
  return messages
    .filter((message) => isOf(message.role))
    .map(({ content }) => getTextContent(content) ?? '')
    .join('\n')
}

function distorted(content: string, fault: Fault | undefined): string {
  if (fault?.kind === 'truncated') return content.slice(0, Math.ceil(content.length / 2))
  if (fault?.kind === 'wrong-schema') return JSON.stringify({ answer: { of: 'another shape' } })
  return fault?.kind === 'filtered' ? '' : content
}

function finishOf(fault: Fault | undefined): string {
  if (fault?.kind === 'filtered') return 'content_filter'
  return fault?.kind === 'truncated' ? (fault.finishReason ?? 'stop') : 'stop'
}

const failure = (status: number, message: string) => ({
  error: { message, type: status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : 'api_error' },
  status,
})

/** Answers a recording with what is said in it. */
function listen(call: Call, response: ServerResponse, fault: Fault | undefined): Promise<void> {
  const { status, body } = heardBy(call, fault)
  call.status = status
  response.writeHead(status, headersOf('application/json', fault))
  return send(Readable.from([Buffer.from(body)]), response, fault)
}

function heardBy(call: Call, fault: Fault | undefined): { status: number; body: string } {
  const problem = fault?.kind === 'status' ? 'This is what the test wanted.' : complaintAbout(call.sound)
  if (call.sound === undefined || problem !== undefined) {
    const { status, error } = failure(fault?.kind === 'status' ? fault.status : 400, problem ?? '')
    return { status, body: JSON.stringify({ error }) }
  }
  const said = fault?.kind === 'answer' ? fault.content : transcriptOf(call.sound)
  call.answer = typeof said === 'string' ? said : JSON.stringify(said)
  return { status: 200, body: distorted(call.answer, fault) }
}

function complaintAbout(sound: SoundForm | undefined): string | undefined {
  if (sound === undefined) return 'This is no form with a file.'
  return sound.fields['response_format'] === 'verbose_json' ? undefined : 'The mock only tells times: verbose_json.'
}

function headersOf(type: string | undefined, fault: Fault | undefined): Record<string, string> {
  const retryAfter = fault?.kind === 'status' ? fault.retryAfter : undefined
  return {
    'content-type': type ?? 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  }
}

/** Hands the answer on, as much of it as the fault lets through. */
async function send(answer: Readable, response: ServerResponse, fault: Fault | undefined): Promise<void> {
  if (fault?.kind !== 'cut' && fault?.kind !== 'stall') return void answer.pipe(response)
  const bytes = await buffer(answer)
  const some = bytes.subarray(0, fault.bytes ?? Math.ceil(bytes.length / 2))
  response.write(some, () => {
    if (fault.kind === 'cut') response.destroy()
  })
}

function refuse(response: ServerResponse, message: string): void {
  response.writeHead(400, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error: { message, type: 'invalid_request_error' } }))
}
