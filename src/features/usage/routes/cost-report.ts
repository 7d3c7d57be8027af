import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { type Api, prefersCsv } from '#platform/http/index.ts'
import { CSV_COLUMNS, CSV_HEADER, csvLine } from '../csv.ts'
import type { createCostReports } from '../report.ts'
import { CostReportBody, orderFrom, presentReport, ReportQuery } from '../schemas.ts'

type Deps = { reports: ReturnType<typeof createCostReports> }

const REPORT = {
  content: {
    'application/json': { schema: CostReportBody },
    'text/csv': {
      schema: Type.String({
        description: `With \`Accept: text/csv\`: a header line, then a line for every call, in the order of time. Columns are only ever added, at the end: ${CSV_COLUMNS}.`,
      }),
    },
  },
}

export function costReportRoute(api: Api, { reports }: Deps) {
  api.get(
    '/reports/cost',
    {
      schema: {
        operationId: 'getCostReport',
        summary: 'What language models cost',
        description:
          'Of the running UTC month unless `from` and `to` say otherwise (`to` is exclusive). `course_id`, `job_id`, `action`, `provider` and `model` narrow it to such calls. What calls of unknown price cost is not in the sums, which then say `unpriced`. `budget` is that of the running UTC month, whatever is asked for. `Accept: text/csv` gives the calls themselves as CSV.',
        tags: ['usage'],
        querystring: ReportQuery,
        response: { 200: REPORT },
      },
      config: { access: 'any' },
    },
    async ({ caller, query, headers }, reply) => {
      const order = orderFrom(query)
      if (prefersCsv(headers.accept)) {
        const csv = Readable.from(csvOf(reports.calls(caller, order)))
        reply.header('content-disposition', 'attachment; filename="llm-calls.csv"').type('text/csv; charset=utf-8')
        return reply.send(csv as never)
      }
      return presentReport(await reports.report(caller, order), await reports.budgetOf(caller.tenantId))
    },
  )
}

async function* csvOf(batches: ReturnType<Deps['reports']['calls']>): AsyncGenerator<string> {
  yield CSV_HEADER
  for await (const batch of batches) yield batch.map(csvLine).join('')
}
