import { readConfig } from '#app/config.ts'
import { openDatabaseServer } from '#app/database-server.ts'
import { openLanguageModels } from '#app/language-models.ts'
import { openLog } from '#app/programs.ts'
import { openServices } from '#app/services.ts'
import { startWork } from '#app/worker.ts'
import { createWebPoster } from '#platform/web/poster.ts'

// The worker as a program, for which a server on this machine is the public internet: the real one sends nothing there.

const config = readConfig(process.env)
const log = await openLog(config)
const { appUrl, queueUrl } = await openDatabaseServer(config.database)
const services = await openServices({ config, appUrl, log })
const models = await openLanguageModels({ config, db: services.db, log })
const poster = createWebPoster({
  allowHttp: true,
  allowAddress: (address) => address === '127.0.0.1',
  lookup: async () => [{ address: '127.0.0.1', family: 4 }],
})
await startWork({ config, services, models, queueUrl, log, poster })
process.stdout.write('working\n')
