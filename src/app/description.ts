import { VERSION } from './paths.ts'

/** What the OpenAPI document says of the whole. */
export const API_DESCRIPTION = {
  title: 'Course Supporter',
  version: VERSION,
  description: `Turns course materials (video, slides, text, web pages) into a structured course whose every concept is tied to the place
it came from, and checks homework against that course.

Read are Markdown, plain text, HTML, DOCX, PDF, PPTX, SRT and VTT subtitles, web pages, and videos and recordings: by the subtitles that are
in them, else by a transcription model where one is configured.

Homework is checked by an answer key at no cost, or, where the exercise is \`open\`, by a language model that judges one criterion at a time and quotes the
student's words; code verifies the quotes and computes the score. What is unclear waits for a person (\`needs_review\`). Without a language model
open exercises answer 409 \`llm.not_configured\`.

Send your key as \`X-API-Key\`. Two services are sold and limited apart: \`prep\` (course preparation) and \`check\` (homework). At most
as many requests as your key allows are accepted in any 60 seconds; every answer says how many are left (\`RateLimit\`).

Errors are problem documents (RFC 9457) with a stable \`code\`. Lists take \`limit\` and \`cursor\`. A POST may carry an
\`Idempotency-Key\`, and can then be repeated without doing the work twice.`,
  tags: [
    { name: 'access', description: 'Your key.' },
    { name: 'courses', description: 'Courses, their lessons and slide mappings.' },
    { name: 'materials', description: 'What a course is made from.' },
    { name: 'structure', description: 'Modules, lessons, concepts and exercises.' },
    { name: 'homework', description: "Students' answers." },
    { name: 'students', description: 'How far students are, and what is held about them.' },
    { name: 'webhooks', description: 'Being told of what happens.' },
    { name: 'jobs', description: 'Work in the background.' },
    { name: 'usage', description: 'What it costs.' },
    { name: 'service', description: 'The service itself.' },
  ],
}
