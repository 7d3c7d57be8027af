type Welcome = {
  url: string
  /** Which language models it may ask. */
  models: string
  webhookTargets: 'public' | 'nearby'
  tenants: readonly string[]
  key?: string
}

/** What `start` prints: where things are and, when there is a fresh key, commands to paste. */
export function welcome({ url, models, webhookTargets, tenants, key }: Welcome): string {
  const lines = [
    '',
    `  Course Supporter is ready at ${url}`,
    `  Swagger UI: ${url}/docs    Health: ${url}/health    Ctrl-C stops everything.`,
    `  Language models: ${models}`,
    ...(webhookTargets === 'nearby'
      ? ['  Webhooks may go to this machine and its networks, too; WEBHOOK_TARGETS=public ends that.']
      : []),
    '',
  ]
  if (key === undefined) {
    const tenant = tenants.includes('Demo') ? 'Demo' : tenants[0]
    const command =
      tenant === undefined ? 'tenant create --name Demo' : `key create --tenant ${quoted(tenant)} --scopes prep,check`
    return [
      ...lines,
      tenant === undefined
        ? '  There is no tenant yet. To make one, from another terminal in this folder:'
        : '  Keys are shown once. A new one, from another terminal in this folder:',
      `  npx course-supporter ${command}`,
      '',
    ].join('\n')
  }
  return [
    ...lines,
    '  Tenant "Demo" was made, with a key that is shown this once.',
    '  Paste this into another terminal in this folder, then the three commands below it, one after the other:',
    '',
    `KEY=${key}`,
    '',
    ...pasteable(url),
    '',
  ].join('\n')
}

/**
 * Three commands that turn a document into a structured course, with the key in `$KEY`. The second waits for nothing; the third tries
 * until it was read.
 */
function pasteable(url: string): string[] {
  const api = `${url}/api/v1`
  const auth = '-H "X-API-Key: $KEY"'
  const json = `-H 'Content-Type: application/json'`
  return [
    `COURSE=$(curl -s ${auth} ${json} -d '{"title":"Python для початківців"}' ${api}/courses | grep -o '"id":"[^"]*' | cut -d'"' -f4); echo "course $COURSE"`,
    '',
    `curl -s ${auth} -H 'Content-Type: text/markdown' --data-binary @examples/python-basics/text.md "${api}/courses/$COURSE/materials?source_type=text&filename=text.md"; echo`,
    '',
    `curl -sf --retry 9 --retry-delay 1 --retry-all-errors ${auth} -X POST ${api}/courses/$COURSE/structure; echo; sleep 2; curl -s ${auth} ${api}/courses/$COURSE | node -p 'JSON.parse(fs.readFileSync(0)).modules.map(m => [m.title, ...m.lessons.map(l => "  " + l.title + l.concepts.map(c => "\\n    " + c.title).join(""))].join("\\n")).join("\\n")'`,
  ]
}

/** As one word of a POSIX shell. */
export const quoted = (text: string) => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
