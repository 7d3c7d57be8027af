/** What the rows of each table are, for whoever opens an export. */
const TABLES: Record<string, string> = {
  tenants: 'the company itself',
  api_keys: 'its keys, without the keys themselves and their hashes',
  idempotency_keys: 'answers kept for repeated requests, for 24 hours',
  courses: 'courses',
  materials: 'what courses are made from; the file of a row is `files/<id>` with its extension',
  material_chunks: 'the text read from materials, piece by piece, with its place in the material',
  slide_mappings: 'which slide is shown at which moment of a video',
  structures: 'versions of the structures of courses',
  modules: 'modules of each version',
  lessons: 'lessons of each version',
  concepts: 'concepts of each version, with their sources',
  exercises: 'exercises, by the ids that submissions refer to',
  exercise_versions: 'what the exercises say in each version',
  submissions: 'what students handed in, and what came of it; the file of a row is `files/<id>` with its extension',
  gradings: 'how submissions were judged, each time',
  attempt_counters: 'how often students have tried what',
  split_criteria: 'criteria made of an exercise’s free text',
  erasures: 'who was erased and when, as a keyed hash of tenant and student',
  jobs: 'work in the background',
  llm_calls: 'every attempt to ask a language model and what it cost, in billionths of a USD',
  llm_reservations: 'attempts under way, and what is set aside for them',
  llm_spending: 'what each month has cost, and what is set aside',
  llm_answers: 'answers of language models that are kept, so that none is bought twice',
  storage_usage: 'how much is stored and how much may be',
  uploads: 'uploads that were begun and not finished',
  webhooks: 'where events are sent, without the secrets that sign them',
  webhook_deliveries: 'events that were sent in the last 30 days, or are to be',
}

/** `README.md` of an export. `counts` are the rows of each table that has any; `missing` are materials whose files are not there. */
export function exportReadme(counts: ReadonlyMap<string, number>, missing: readonly string[]): string {
  const tables = [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
  return `# An export

Everything that one company has in Course Supporter, as of one moment (times are UTC).

Each \`.jsonl\` file is a table: a line is a row, as a JSON object. Ids join them: \`course_id\` is the \`id\` of a row in \`courses.jsonl\`. \`files/\` has the uploaded
files as they came, named by the ids of their materials or submissions.

| File | Rows | What |
|---|---|---|
${tables.map(([table, rows]) => `| ${table}.jsonl | ${rows} | ${TABLES[table] ?? ''} |`).join('\n')}
${missing.length === 0 ? '' : `\nNot in the store, and so not here: the files of ${missing.join(', ')}.\n`}`
}
