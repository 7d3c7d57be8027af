// One way: bin → app → features → platform → kernel; inside a feature: routes and jobs → rules → store. Types included.

const inFeature = '^src/features/([^/]+)/'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'kernel-knows-nothing',
      comment: 'Plain vocabulary: no I/O, no packages, nothing above.',
      severity: 'error',
      from: { path: '^src/kernel/', pathNot: '[.]test[.]ts$' },
      to: { pathNot: '^src/kernel/' },
    },
    {
      name: 'platform-looks-down',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^(src/(features|app|bin)|test)/', pathNot: '^test/' },
    },
    {
      name: 'features-look-down',
      severity: 'error',
      from: { path: '^src/features/' },
      to: { path: '^src/(app|bin)/' },
    },
    {
      name: 'features-by-their-door',
      comment: "Another feature's index.ts is the only file others import.",
      severity: 'error',
      from: { path: inFeature },
      to: { path: inFeature, pathNot: ['^src/features/$1/', '^src/features/[^/]+/index\\.ts$'] },
    },
    {
      name: 'app-by-the-door',
      severity: 'error',
      from: { path: '^src/(app|bin)/' },
      to: { path: '^src/features/[^/]+/.+', pathNot: '^src/features/[^/]+/index\\.ts$' },
    },
    { name: 'bin-on-top', severity: 'error', from: { path: '^src/app/' }, to: { path: '^src/bin/' } },
    {
      name: 'routes-declare',
      comment:
        'A route sees its rules and schemas, platform/http and kernel: never a store, database, queue, object store or model.',
      severity: 'error',
      from: { path: '^src/features/[^/]+/routes/', pathNot: '\\.test\\.ts$' },
      to: { path: ['(^|[/-])store\\.ts$', '^src/platform/(?!http/)'] },
    },
    {
      name: 'rules-know-no-http',
      comment:
        "Rules, jobs and stores answer to whoever asks; only routes, schemas, presenters and the feature's door know of HTTP.",
      severity: 'error',
      from: {
        path: '^src/features/',
        pathNot: [
          '/routes/',
          'schemas\\.ts$',
          'present\\.ts$',
          '/index\\.ts$',
          '\\.test\\.ts$',
          '^src/features/idempotency/',
        ],
      },
      to: { path: ['^src/platform/http/', 'node_modules/(@fastify|fastify)/'] },
    },
    {
      name: 'stores-hold-sql',
      comment: 'A store sees kernel, platform/db and the plain types of its own feature.',
      severity: 'error',
      from: { path: '^src/features/.*store\\.ts$' },
      to: {
        path: ['^src/platform/(?!db/)', '^src/features/[^/]+/(routes/|index\\.ts)'],
        pathNot: '^src/platform/http/once\\.ts$',
      },
    },
    {
      name: 'sql-in-its-place',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [
          '^src/platform/(db|postgres)/',
          'store\\.ts$',
          '^src/platform/queue/',
          '\\.test\\.ts$',
          '^src/app/database-server\\.ts$',
        ],
      },
      to: { path: 'node_modules/(pg|kysely|graphile-worker)/' },
    },
    {
      name: 'no-tests-in-source',
      severity: 'error',
      from: { path: '^src/', pathNot: '(\\.test\\.ts$|\\.harness\\.ts$|/fixtures/)' },
      to: { path: ['^test/', '\\.test\\.ts$'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'production-packages',
      comment: 'What the product needs at run time is a dependency, not a development tool.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$|\\.harness\\.ts$|/fixtures/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
}
