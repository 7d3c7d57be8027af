import { Type } from 'typebox'
import { type Api, Id, Nullable, OneOf, Timestamp } from '#platform/http/index.ts'

const Me = Type.Object(
  {
    tenant: Type.Object({ id: Id, name: Type.String() }),
    key: Type.Object({
      prefix: Type.String({ examples: ['cs_live_abc1'] }),
      label: Nullable(Type.String()),
      scopes: Type.Array(OneOf('prep', 'check')),
      expires_at: Nullable(Timestamp),
    }),
    limits: Type.Object(
      { prep: Type.Integer(), check: Type.Integer() },
      { description: 'Requests in any 60 seconds, for each service.' },
    ),
    quota: Type.Object({
      storage_bytes_used: Type.Integer({
        description: 'What materials hold. Uploads on their way count once they are whole.',
      }),
      storage_bytes_limit: Nullable(Type.Integer({ description: 'Null: no limit.' })),
      text_bytes_used: Type.Integer({ description: 'Of the text that was read from materials, with its headings.' }),
      text_bytes_limit: Nullable(Type.Integer({ description: 'Null: no limit.' })),
    }),
    budget: Type.Object({
      limit_usd: Nullable(Type.String()),
      spent_usd: Type.String({ description: 'This UTC month, as a decimal string.', examples: ['1.25'] }),
      reserved_usd: Type.String(),
    }),
  },
  { title: 'Me' },
)

type Account = { used: number; quota: number | null }

type Deps = {
  /** Bytes that the tenant stores, and may store: of files, and of the text read from them. */
  storageOf(tenantId: string): Promise<Account & { text: Account }>
  budgetOf(tenantId: string): Promise<{ limit_usd: string | null; spent_usd: string; reserved_usd: string }>
}

export function meRoute(api: Api, { storageOf, budgetOf }: Deps) {
  api.get(
    '/me',
    {
      schema: {
        operationId: 'getMe',
        summary: 'Who this key belongs to, and what it may do',
        tags: ['access'],
        response: { 200: Me },
      },
      config: { access: 'any' },
    },
    async ({ caller }) => {
      const { tenantId, tenantName, keyPrefix, keyLabel, scopes, limits, expiresAt } = caller
      const [storage, budget] = await Promise.all([storageOf(tenantId), budgetOf(tenantId)])
      return {
        tenant: { id: tenantId, name: tenantName },
        key: { prefix: keyPrefix, label: keyLabel, scopes: [...scopes], expires_at: expiresAt?.toISOString() ?? null },
        limits,
        quota: {
          ...{ storage_bytes_used: storage.used, storage_bytes_limit: storage.quota },
          ...{ text_bytes_used: storage.text.used, text_bytes_limit: storage.text.quota },
        },
        budget,
      }
    },
  )
}
