/** What the web server tells the page about the installation it belongs to. */
export interface AppConfig {
  apiUrl: string
  /** The learner whom one may try the tutor as, where the installation has one. */
  demo: { email: string; password: string } | null
  /** Parts that only stand in for the real ones, such as a simulated voice. */
  standIns: string[]
}

interface WireConfig {
  api_url: string
  demo?: { email: string; password: string } | null
  stand_ins?: unknown
}

const SEEN = 'avaaz.config'
/** Who has seen it before need not wait long for it. */
const PATIENCE_MS = { first: 10_000, again: 3_000 }

/** As the web server has it now; as it was last seen while that does not answer. */
export async function loadConfig(): Promise<AppConfig> {
  const seen = localStorage.getItem(SEEN)
  try {
    const wire = await fetchConfig(seen === null ? PATIENCE_MS.first : PATIENCE_MS.again)
    localStorage.setItem(SEEN, JSON.stringify(wire))
    return configOf(wire)
  } catch (cause) {
    if (seen === null) throw cause
    return configOf(JSON.parse(seen) as WireConfig)
  }
}

async function fetchConfig(patienceMs: number): Promise<WireConfig> {
  const response = await fetch('/config.json', {
    cache: 'no-store',
    signal: AbortSignal.timeout(patienceMs),
  })
  if (!response.ok) throw new Error(`config.json answered ${response.status}`)
  return (await response.json()) as WireConfig
}

function configOf(wire: WireConfig): AppConfig {
  return {
    apiUrl: wire.api_url.replace(/\/+$/, ''),
    demo: wire.demo ?? null,
    standIns: Array.isArray(wire.stand_ins)
      ? wire.stand_ins.filter((part): part is string => typeof part === 'string')
      : [],
  }
}
