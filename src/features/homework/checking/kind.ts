import { defineJob } from '#platform/queue/index.ts'

/** Checks one answer. Students wait for it: it goes before everything else. */
export const checkSubmission = defineJob<{ submissionId: string }>({
  kind: 'check_submission',
  priority: 0,
  scope: 'check',
  timeoutSeconds: 600,
})
