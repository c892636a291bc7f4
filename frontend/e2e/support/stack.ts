import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePorts, Running } from './process'
import { Line } from './line'
import { everyday, type Script } from './script'
import { change, query, type Row } from './database'

const BUILT = resolve(import.meta.dirname, '../../../target/debug')
const AVAAZ = resolve(process.env.AVAAZ_BIN ?? join(BUILT, 'avaaz'))
const SIMULATOR = process.env.AVAAZ_SIMULATOR_BIN ?? join(BUILT, 'avaaz-simulator')
const LIVEKIT = process.env.AVAAZ_LIVEKIT_SERVER ?? 'livekit-server'
export const WEB = resolve(process.env.AVAAZ_WEB_DIR ?? join(import.meta.dirname, '../../dist'))
const LOGS = resolve(import.meta.dirname, '../../test-results/logs')

/** The whole installation on ports of its own: avaaz with its Postgres, LiveKit, the simulator. */
export class Stack {
  readonly webUrl: string
  readonly apiUrl: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'avaaz-e2e-'))
  readonly #ports: Record<'web' | 'api' | 'livekit' | 'simulator' | 'postgres', number>
  readonly #secret = randomBytes(32).toString('hex')
  #avaaz: Running | null = null
  #livekit: Running | null = null
  #simulator: Running | null = null
  /** The way from browsers to LiveKit's signalling; tests cut it. */
  readonly line: Line

  private constructor(ports: number[], line: Line) {
    this.line = line
    const [web = 0, api = 0, livekit = 0, tcp = 0, udp = 0, simulator = 0, postgres = 0] = ports
    this.#ports = { web, api, livekit, simulator, postgres }
    // Postgres runs as somebody else where the tests run as root, and must reach its files.
    chmodSync(this.#folder, 0o755)
    this.serveWeb()
    this.webUrl = `http://localhost:${web}`
    this.apiUrl = `http://localhost:${api}`
    writeFileSync(this.#livekitConfig, livekitYaml({ livekit, tcp, udp, api }, this.#secret))
  }

  static async start(): Promise<Stack> {
    const ports = await freePorts(7)
    const stack = new Stack(ports, await Line.to(ports[2] ?? 0))
    try {
      await Promise.all([stack.startSimulator(everyday), stack.startLiveKit()])
      await stack.startAvaaz()
    } catch (cause) {
      await stack.stop()
      throw cause
    }
    return stack
  }

  async stop(): Promise<void> {
    await this.#avaaz?.stop()
    await Promise.all([this.#livekit?.stop(), this.#simulator?.stop()])
    this.line.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Starts the server, set up in another way than usual where a test needs that. */
  async startAvaaz(setup: NodeJS.ProcessEnv = {}): Promise<void> {
    const environment = { ...this.#environment(), ...setup }
    this.#avaaz = new Running(AVAAZ, ['dev'], environment, join(LOGS, 'avaaz.log'))
    await this.#avaaz.until(async () => {
      const [ready, page] = await Promise.all([
        fetch(`${this.apiUrl}/health/ready`),
        fetch(`${this.webUrl}/config.json`),
      ])
      return ready.ok && page.ok
    }, 60_000)
  }

  async stopAvaaz(): Promise<void> {
    await this.#avaaz?.stop()
  }

  async startLiveKit(): Promise<void> {
    const args = ['--config', this.#livekitConfig]
    this.#livekit = new Running(LIVEKIT, args, process.env, join(LOGS, 'livekit.log'))
    const url = `http://localhost:${this.#ports.livekit}`
    await this.#livekit.until(async () => (await fetch(url)).ok, 20_000)
  }

  async stopLiveKit(): Promise<void> {
    await this.#livekit?.stop('SIGKILL')
  }

  /** Starts the simulator at its address; one that runs there with another script is replaced. */
  async startSimulator(script: Script): Promise<void> {
    await this.#simulator?.stop()
    const file = join(this.#folder, 'script.json')
    writeFileSync(file, JSON.stringify(script))
    const port = String(this.#ports.simulator)
    const args = ['--port', port, '--script', file]
    this.#simulator = new Running(SIMULATOR, args, process.env, join(LOGS, 'simulator.log'))
    const url = `http://127.0.0.1:${port}/health`
    await this.#simulator.until(async () => (await fetch(url)).ok, 20_000)
  }

  /** From here on the web app is what is in that folder: as when another version is deployed. */
  serveWeb(folder = WEB): void {
    rmSync(this.#web, { force: true })
    symlinkSync(folder, this.#web)
  }

  /** Asks the database itself, past the API and whatever it may keep in mind. */
  async sql(statement: string): Promise<Row[]> {
    return query(statement, this.#ports.postgres, this.#postgresPassword)
  }

  /** Makes a past that would take too long to live through. */
  async change(statement: string): Promise<void> {
    await change(statement, this.#ports.postgres, this.#postgresPassword)
  }

  get #postgresPassword(): string {
    return readFileSync(join(this.#data, 'postgres-password'), 'utf8').trim()
  }

  /** The server of rooms, for tests that enter one on their own. */
  get livekit(): { url: string; key: string; secret: string } {
    return { url: `ws://localhost:${this.#ports.livekit}`, key: 'e2e', secret: this.#secret }
  }

  get #data(): string {
    return join(this.#folder, 'data')
  }

  get #web(): string {
    return join(this.#folder, 'web')
  }

  get #livekitConfig(): string {
    return join(this.#folder, 'livekit.yaml')
  }

  #environment(): NodeJS.ProcessEnv {
    const { web, api, livekit, simulator, postgres } = this.#ports
    return {
      ...process.env,
      AVAAZ_HTTP_ADDR: `127.0.0.1:${api}`,
      AVAAZ_WEB_ADDR: `127.0.0.1:${web}`,
      AVAAZ_PUBLIC_API_URL: this.apiUrl,
      AVAAZ_PUBLIC_WEB_URL: this.webUrl,
      AVAAZ_WEB_DIR: this.#web,
      AVAAZ_DATA_DIR: this.#data,
      AVAAZ_POSTGRES_PORT: String(postgres),
      AVAAZ_DEMO: '1',
      // Every learner of these tests comes from one address.
      AVAAZ_REGISTRATIONS_PER_ADDRESS: '0',
      AVAAZ_LOGINS_PER_ADDRESS: '0',
      AVAAZ_LOGINS_PER_ACCOUNT: '0',
      LIVEKIT_URL: `ws://localhost:${livekit}`,
      LIVEKIT_PUBLIC_URL: `ws://localhost:${this.line.port}`,
      LIVEKIT_API_KEY: 'e2e',
      LIVEKIT_API_SECRET: this.#secret,
      OPENAI_BASE_URL: `http://127.0.0.1:${simulator}/v1`,
      OPENAI_API_KEY: 'e2e-key',
      GEMINI_BASE_URL: `http://127.0.0.1:${simulator}`,
      GEMINI_API_KEY: 'e2e-key',
    }
  }
}

interface LiveKitPorts {
  livekit: number
  tcp: number
  udp: number
  api: number
}

function livekitYaml({ livekit, tcp, udp, api }: LiveKitPorts, secret: string): string {
  return `port: ${livekit}
bind_addresses: ["127.0.0.1"]
rtc:
  tcp_port: ${tcp}
  udp_port: ${udp}
  node_ip: 127.0.0.1
  use_external_ip: false
  enable_loopback_candidate: true
  interfaces: { includes: [lo] }
keys: { e2e: ${secret} }
webhook:
  api_key: e2e
  urls: ["http://127.0.0.1:${api}/livekit/webhook"]
`
}
