import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build, preview } from 'vite'
import { expect, test } from './support/test'

const TURNS = 1_000
const ROOM = 'session-messages'
const LEARNER = 'learner-ada'
const PAGE = resolve(import.meta.dirname, 'session-messages')
/** Our captions, as the agent publishes them, with the learner's words up to three seconds late. */
const CAPTIONS = resolve(import.meta.dirname, '../../target/debug/examples/captions')

test('LiveKit’s own hook shows a thousand turns in order, whenever the words come, in any script', async ({
  page,
  stack,
}) => {
  test.setTimeout(240_000)
  const folder = mkdtempSync(join(tmpdir(), 'avaaz-session-messages-'))
  const { url, key, secret } = stack.livekit
  const site = {
    root: PAGE,
    configFile: false as const,
    logLevel: 'error' as const,
    publicDir: false as const,
  }
  await build({ ...site, build: { outDir: folder, emptyOutDir: true } })
  const server = await preview({
    ...site,
    build: { outDir: folder },
    preview: { host: 'localhost', port: 0 },
  })
  const tutor = spawn(CAPTIONS, [url, key, secret, ROOM, LEARNER, String(TURNS)])
  try {
    const said: string[] = []
    tutor.stdout.setEncoding('utf8').on('data', (piece: string) => said.push(piece))
    const saidAll = new Promise<void>((done, failed) => {
      tutor.stderr.setEncoding('utf8').on('data', (line: string) => {
        if (line.includes('all is said')) done()
      })
      tutor.once('error', failed)
      tutor.once('exit', () => failed(new Error('the captions ended early')))
    })
    const query = new URLSearchParams({ url, token: tokenFor(key, secret) })
    await page.goto(`${server.resolvedUrls?.local[0] ?? ''}?${query.toString()}`)
    await saidAll

    const expected = said
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { speaker: string; text: string })
      .map(({ speaker, text }) => ({
        type: speaker === 'learner' ? 'userTranscript' : 'agentTranscript',
        text,
      }))
    expect(expected).toHaveLength(TURNS)
    await expect
      .poll(() => page.evaluate(() => window.shown.at(-1)?.text), { timeout: 20_000 })
      .toBe(expected.at(-1)?.text)
    // The last words of the learner may still be on their way.
    await expect
      .poll(() => page.evaluate(() => window.shown.filter(({ text }) => text === '…').length))
      .toBe(0)
    const shown = await page.evaluate(() => window.shown)
    expect(shown.filter(({ text }) => text.includes('\uFFFD'))).toEqual([])
    expect(shown).toEqual(expected)
  } finally {
    tutor.kill()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

/** A token as the API mints it for a learner. */
function tokenFor(key: string, secret: string): string {
  const base64 = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: key,
    sub: LEARNER,
    nbf: now - 5,
    exp: now + 600,
    video: {
      room: ROOM,
      roomJoin: true,
      canPublish: true,
      canSubscribe: true,
      canPublishData: true,
    },
  }
  const signed = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
