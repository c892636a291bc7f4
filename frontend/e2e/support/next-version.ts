import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A copy of the built app that says of itself that it is another version. */
export function nextVersion(built: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'avaaz-next-version-'))
  cpSync(built, folder, { recursive: true })
  rewrite(join(folder, 'index.html'), (page) =>
    page.replace('</head>', '<meta name="version" content="next" /></head>'),
  )
  // The worker knows its page by a digest of it.
  rewrite(join(folder, 'sw.js'), (worker) =>
    worker.replace(/(url:"index\.html",revision:")\w+/, '$1next'),
  )
  return folder
}

function rewrite(file: string, change: (text: string) => string): void {
  const before = readFileSync(file, 'utf8')
  const after = change(before)
  if (after === before) throw new Error(`${file} is not as this test knows it`)
  writeFileSync(file, after)
  // The server would rather send the compressed forms of the text before.
  for (const form of ['br', 'gz']) rmSync(`${file}.${form}`, { force: true })
}
