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

export async function loadConfig(): Promise<AppConfig> {
  const response = await fetch('/config.json', {
    cache: 'no-store',
    signal: AbortSignal.timeout(10_000),
  })
  if (!response.ok) throw new Error(`config.json answered ${response.status}`)
  const wire = (await response.json()) as WireConfig
  return {
    apiUrl: wire.api_url.replace(/\/+$/, ''),
    demo: wire.demo ?? null,
    standIns: Array.isArray(wire.stand_ins)
      ? wire.stand_ins.filter((part): part is string => typeof part === 'string')
      : [],
  }
}
