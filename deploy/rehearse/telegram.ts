import { appendFile, readFile, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'

// Stands in for Telegram's Bot API (https://core.telegram.org/bots/api#sendmessage) over TLS, and keeps every message as a line of JSON.
// Runs until SIGTERM; says "ready" once it listens. Environment:
//   TELEGRAM_BOT_TOKEN, TELEGRAM_CHAT_ID  whom it answers; anybody else gets Telegram's refusal
//   TELEGRAM_LOG     the messages: {"time","chat","silent","text"}, text as Telegram shows it
//   TELEGRAM_CERTIFICATE, TELEGRAM_KEY  files, PEM
//   TELEGRAM_LISTEN  address:port (127.0.0.1:8443)

type Answer = { status: number; description?: string; result?: object }
type Settings = ReturnType<typeof readSettings>

const settings = readSettings(process.env)
await writeFile(settings.log, '', { flag: 'a' })
let messages = 0
const server = createServer(await readCertificate(settings), async (request, response) => {
  const { status, ...said } = await answer(request).catch(() => refuse(400, 'Bad Request'))
  const body = status === 200 ? { ok: true, ...said } : { ok: false, error_code: status, ...said }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})
server.listen(settings.port, settings.address, () => process.stdout.write('ready\n'))
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
})

async function answer(request: IncomingMessage): Promise<Answer> {
  const [, token, method] = /^\/bot([^/]+)\/(\w+)$/.exec(decodeURIComponent(request.url ?? '')) ?? []
  if (token === undefined) return refuse(404, 'Not Found')
  if (token !== settings.token) return refuse(401, 'Unauthorized')
  // Telegram takes a method's name in any case.
  if (method?.toLowerCase() !== 'sendmessage') return refuse(404, 'Not Found')
  const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString())
  if (form.get('chat_id') !== settings.chat) return refuse(400, 'Bad Request: chat not found')
  const shown = form.get('parse_mode') === 'HTML' ? shownOf(form.get('text') ?? '') : { text: form.get('text') ?? '' }
  if (shown.text === undefined) return refuse(400, `Bad Request: can't parse entities: ${shown.wrong}`)
  if (shown.text.trim() === '') return refuse(400, 'Bad Request: message text is empty')
  if (shown.text.length > 4096) return refuse(400, 'Bad Request: message is too long')
  messages += 1
  const [time, silent] = [new Date(), form.get('disable_notification') === 'true']
  const message = { time: time.toISOString(), chat: settings.chat, silent, text: shown.text }
  await appendFile(settings.log, `${JSON.stringify(message)}\n`)
  const chat = { id: Number(settings.chat), type: 'private' }
  const date = Math.floor(time.getTime() / 1000)
  return { status: 200, result: { message_id: messages, chat, date, text: shown.text } }
}

function refuse(status: number, description: string): Answer {
  return { status, description }
}

/** The text without its tags, or what Telegram has against it: https://core.telegram.org/bots/api#html-style */
function shownOf(html: string): { text: string } | { text?: undefined; wrong: string } {
  const open: string[] = []
  let text = ''
  for (const { 0: piece, index } of html.matchAll(/<[^>]*>?|[^<]+/g)) {
    const offset = Buffer.byteLength(html.slice(0, index))
    if (!piece.startsWith('<')) {
      text += piece.replace(/&(lt|gt|amp|quot);/g, (_, name: string) => ENTITIES[name] ?? '')
      continue
    }
    const [, slash, name = ''] = /^<(\/?)([a-z-]*)(\s[^<>]*)?>$/i.exec(piece) ?? []
    if (slash === undefined) return { wrong: `Unclosed start tag at byte offset ${offset}` }
    if (!TAGS.has(name.toLowerCase())) return { wrong: `Unsupported start tag "${name}" at byte offset ${offset}` }
    if (slash === '') open.push(name)
    else if (open.pop() !== name) return { wrong: `Unmatched end tag at byte offset ${offset}` }
  }
  return open.length === 0 ? { text } : { wrong: `Can't find end tag corresponding to start tag "${open.at(-1)}"` }
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' }
const TAGS = new Set('b strong i em u ins s strike del span tg-spoiler a tg-emoji code pre blockquote'.split(' '))

function readSettings(env: NodeJS.ProcessEnv) {
  const required = (name: string) => {
    const value = env[name]
    if (value === undefined || value === '') throw new Error(`${name} is missing`)
    return value
  }
  const [address = '', port] = (env['TELEGRAM_LISTEN'] ?? '127.0.0.1:8443').split(':')
  return {
    token: required('TELEGRAM_BOT_TOKEN'),
    chat: required('TELEGRAM_CHAT_ID'),
    log: required('TELEGRAM_LOG'),
    certificate: required('TELEGRAM_CERTIFICATE'),
    key: required('TELEGRAM_KEY'),
    address,
    port: Number(port),
  }
}

async function readCertificate({ certificate, key }: Settings) {
  return { cert: await readFile(certificate), key: await readFile(key) }
}
