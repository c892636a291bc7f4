import { StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { App, UnreachablePage } from './app/app'
import { firstPage } from './app/first-page'
import { createApi } from './lib/api/client'
import { Auth, remembersLearner } from './lib/auth/auth'
import { connection } from './lib/connection'
import { loadConfig, type AppConfig } from './lib/env'
import { watchTyping } from './lib/half-typed'
import { watchForInstallOffer } from './lib/install'
import { loadWords, startI18n } from './lib/i18n'
import { followSignIn } from './lib/kept/follow-sign-in'
import { recoverMissingFiles } from './lib/missing-files'
import { matchThemeColor } from './lib/theme'
import './styles/app.css'

const place = document.getElementById('root')
if (place === null) throw new Error('index.html has no #root')
watchForInstallOffer()
watchTyping()
recoverMissingFiles()
matchThemeColor()
const first = firstPage(remembersLearner())
const words = startI18n(first.words).catch(wordsLater)
// What fails here is fetched again, and told, with its page.
for (const file of first.files) file().catch(() => undefined)
await start(createRoot(place))
// After the first page, so that its files come first.
if (import.meta.env.PROD) await import('./app/updates').then(({ startUpdates }) => startUpdates())

async function start(root: Root): Promise<void> {
  try {
    const config = await loadConfig()
    await words
    const auth = new Auth(config.apiUrl)
    followSignIn(auth)
    // A server that does not answer is a state of `auth`, shown by the app.
    await auth.start().catch(() => undefined)
    connection.watch(() => reach(config, auth))
    if (auth.snapshot().status === 'away') connection.suspect()
    const services = { config, auth, api: createApi(config.apiUrl, auth) }
    root.render(
      <StrictMode>
        <App services={services} />
      </StrictMode>,
    )
  } catch {
    await words
    root.render(<UnreachablePage onRetry={() => start(root)} />)
  }
}

/** Done when the server has answered; a sign-in that waits for it is taken up on the way. */
async function reach(config: AppConfig, auth: Auth): Promise<void> {
  const { status } = auth.snapshot()
  if (status === 'away' || status === 'unreachable') {
    await auth.renew(null)
    return
  }
  const answer = await fetch(`${config.apiUrl}/health`, {
    cache: 'no-store',
    signal: AbortSignal.timeout(5_000),
  })
  // What stands before a server that is away says so.
  if (answer.status >= 502 && answer.status <= 504) throw new Error('the server is away')
}

/** Without words there is nothing to show, not even what went wrong: they are asked for until they come. */
async function wordsLater(): Promise<void> {
  await new Promise((passed) => setTimeout(passed, 2_000))
  await loadWords(first.words).catch(wordsLater)
}
