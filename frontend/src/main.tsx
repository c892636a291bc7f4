import { StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { App, UnreachablePage } from './app/app'
import { createApi } from './lib/api/client'
import { Auth } from './lib/auth/auth'
import { loadConfig } from './lib/env'
import { startI18n } from './lib/i18n'
import './styles/app.css'

const place = document.getElementById('root')
if (place === null) throw new Error('index.html has no #root')
const words = startI18n()
await start(createRoot(place))

async function start(root: Root): Promise<void> {
  try {
    const config = await loadConfig()
    await words
    const auth = new Auth(config.apiUrl)
    // A server that does not answer is a state of `auth`, shown by the app.
    await auth.start().catch(() => undefined)
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
